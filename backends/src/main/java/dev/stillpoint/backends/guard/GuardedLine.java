package dev.stillpoint.backends.guard;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A connection of a machine as a guard uses it: lines, without blanks. It is not blocking, and must
 * not be made so: its mode is shared with whoever has the other descriptor of it. Used by one
 * thread.
 */
final class GuardedLine {
  private static final Duration POLL = Duration.ofMillis(5);
  private static final int CHUNK = 4096;

  /** More than any answer to what is asked here; what is longer is dropped. */
  private static final int MAX_LINE = 64 * 1024;

  private static final String UNIX = "unix:";
  private static final String TCP = "tcp:";

  private final String endpoint;
  private final StringBuilder line = new StringBuilder();
  private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK).limit(0);
  private Optional<ReadableByteChannel> in;
  private Optional<WritableByteChannel> out;
  private BooleanSupplier stopped = () -> false;
  private long end;

  /**
   * A line to an endpoint.
   *
   * @param endpoint {@code unix:/path} or {@code tcp:host:port}, to connect anew
   * @param served a connection that somebody else has used so far; empty where there is none to
   *     pass on, and one must be made
   */
  GuardedLine(String endpoint, Optional<FileDescriptor> served) {
    this.endpoint = endpoint;
    this.in = served.map(connection -> new FileInputStream(connection).getChannel());
    this.out = served.map(connection -> new FileOutputStream(connection).getChannel());
  }

  /** Whether a line to this endpoint can be made anew. */
  static boolean canReach(String endpoint) {
    return endpoint.startsWith(UNIX) || endpoint.startsWith(TCP);
  }

  /**
   * Begins an attempt, which connects anew where the connection has ended.
   *
   * @param stop whether to stop waiting, as somebody else uses the connection
   * @return true when the connection is new
   * @throws IOException when none can be made
   */
  boolean begin(Duration attempt, BooleanSupplier stop) throws IOException {
    stopped = stop;
    end = System.nanoTime() + attempt.toNanos();
    if (in.isPresent()) {
      return false;
    }
    SocketChannel fresh = connect();
    in = Optional.of(fresh);
    out = Optional.of(fresh);
    line.setLength(0);
    chunk.limit(0);
    return true;
  }

  /** Not blocking from the beginning: behind a full queue a connect would hang. */
  private SocketChannel connect() throws IOException {
    boolean unix = endpoint.startsWith(UNIX);
    SocketChannel fresh =
        unix ? SocketChannel.open(StandardProtocolFamily.UNIX) : SocketChannel.open();
    boolean connected = false;
    try {
      fresh.configureBlocking(false);
      connected =
          fresh.connect(
              unix
                  ? UnixDomainSocketAddress.of(Path.of(endpoint.substring(UNIX.length())))
                  : tcp(endpoint.substring(TCP.length())));
      while (!connected && !isOver()) {
        LockSupport.parkNanos(POLL.toNanos());
        connected = fresh.finishConnect();
      }
      if (!connected) {
        throw new IOException("no connection to " + endpoint);
      }
      return fresh;
    } finally {
      if (!connected) {
        fresh.close();
      }
    }
  }

  private static InetSocketAddress tcp(String text) throws IOException {
    int colon = text.lastIndexOf(':');
    String host = text.substring(0, colon).replace("[", "").replace("]", "");
    var address = new InetSocketAddress(host, Integer.parseInt(text.substring(colon + 1)));
    if (address.isUnresolved()) {
      throw new IOException("no address of " + host);
    }
    return address;
  }

  /** The connection is of no more use. */
  void drop() {
    try {
      if (in.isPresent()) {
        in.get().close();
      }
      if (out.isPresent()) {
        out.get().close();
      }
    } catch (IOException e) {
      // Dropped all the same.
    }
    in = Optional.empty();
    out = Optional.empty();
  }

  private boolean isOver() {
    return System.nanoTime() - end >= 0 || stopped.getAsBoolean();
  }

  /** Latin-1, so that the sentinel is a character of its own. */
  void write(String text) throws IOException {
    WritableByteChannel to = out.orElseThrow(() -> new IOException("not connected"));
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    while (bytes.hasRemaining() && !isOver()) {
      if (to.write(bytes) == 0) {
        LockSupport.parkNanos(POLL.toNanos());
      }
    }
  }

  /** The next line without blanks; empty when none came in time. */
  String read() throws IOException {
    ReadableByteChannel from = in.orElseThrow(() -> new IOException("not connected"));
    while (!isOver()) {
      while (chunk.hasRemaining()) {
        char one = (char) (chunk.get() & 0xFF);
        if (one == '\n') {
          String whole = line.toString();
          line.setLength(0);
          if (!whole.isEmpty()) {
            return whole;
          }
        } else if (one > ' ' && line.length() < MAX_LINE) {
          line.append(one);
        }
      }
      int count = from.read(chunk.clear());
      chunk.flip();
      if (count < 0) {
        throw new IOException("the connection ended");
      }
      if (count == 0) {
        chunk.limit(0);
        LockSupport.parkNanos(POLL.toNanos());
      }
    }
    return "";
  }
}
