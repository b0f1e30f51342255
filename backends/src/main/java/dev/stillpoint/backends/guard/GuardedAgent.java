package dev.stillpoint.backends.guard;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * An agent as a guard speaks to it: no more than a synchronisation, a thaw and a status. The
 * connection is not blocking, and must not be made so: its mode is shared with whoever has the
 * other descriptor of it.
 */
final class GuardedAgent {
  /** How long the first attempt to prove a thaw may take. */
  static final Duration ATTEMPT = Duration.ofSeconds(5);

  private static final Duration LONGEST_ATTEMPT = Duration.ofMinutes(5);

  private static final Duration POLL = Duration.ofMillis(5);
  private static final int CHUNK = 4096;

  /** More than any answer to what is asked here; what is longer is dropped. */
  private static final int MAX_LINE = 64 * 1024;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final Path endpoint;
  private ReadableByteChannel in;
  private WritableByteChannel out;
  private final StringBuilder line = new StringBuilder();
  private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK).limit(0);
  private boolean ended;
  private BooleanSupplier stopped = () -> false;

  /** An agent on a connection that somebody else has served so far. */
  GuardedAgent(FileDescriptor connection, Path endpoint) {
    this.in = new FileInputStream(connection).getChannel();
    this.out = new FileOutputStream(connection).getChannel();
    this.endpoint = endpoint;
  }

  /**
   * One attempt: in step, thaw answered, status thawed, on one connection.
   *
   * @param stop whether to stop waiting, as somebody else reads the connection
   * @return true when that is proved
   * @throws IOException when the connection ends or cannot be made; the next attempt makes a new
   *     one
   */
  boolean thaw(Duration attempt, BooleanSupplier stop) throws IOException {
    stopped = stop;
    long end = System.nanoTime() + attempt.toNanos();
    try {
      if (ended) {
        reconnect();
      }
      long id = RANDOM.nextLong() >>> 1;
      String sync = "{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":" + id + "}}\n";
      write((char) 0xFF + sync, end);
      if (!heard((char) 0xFF + "{\"return\":" + id, end)) {
        return false;
      }
      write("{\"execute\":\"guest-fsfreeze-thaw\"}\n", end);
      // An error may come from a hook, and the status tells what is true; but an agent that does
      // not know the command has thawed nothing, whatever it says.
      String answer = readLine(end);
      if (answer.isEmpty() || answer.contains("\"class\":\"CommandNotFound\"")) {
        return false;
      }
      write("{\"execute\":\"guest-fsfreeze-status\"}\n", end);
      return readLine(end).contains("\"return\":\"thawed\"");
    } catch (IOException e) {
      ended = true;
      throw e;
    }
  }

  /** What comes after an attempt of this length: a hook in the guest may be slow. */
  static Duration longer(Duration attempt) {
    Duration twice = attempt.multipliedBy(2);
    return twice.compareTo(LONGEST_ATTEMPT) < 0 ? twice : LONGEST_ATTEMPT;
  }

  private boolean heard(String beginning, long end) throws IOException {
    for (String said = readLine(end); !said.isEmpty(); said = readLine(end)) {
      int sentinel = said.lastIndexOf(0xFF);
      if (sentinel >= 0 && said.startsWith(beginning, sentinel)) {
        return true;
      }
    }
    return false;
  }

  private void reconnect() throws IOException {
    SocketChannel fresh = SocketChannel.open(StandardProtocolFamily.UNIX);
    boolean connected = false;
    try {
      fresh.connect(UnixDomainSocketAddress.of(endpoint));
      fresh.configureBlocking(false);
      connected = true;
    } finally {
      if (!connected) {
        fresh.close();
      }
    }
    in.close();
    in = fresh;
    out = fresh;
    line.setLength(0);
    chunk.limit(0);
    ended = false;
  }

  /** Latin-1, so that the sentinel is a character of its own. */
  private void write(String text, long end) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    while (bytes.hasRemaining() && System.nanoTime() - end < 0) {
      if (out.write(bytes) == 0) {
        LockSupport.parkNanos(POLL.toNanos());
      }
    }
  }

  /** The next line without blanks; empty when none came in time. */
  private String readLine(long end) throws IOException {
    while (System.nanoTime() - end < 0 && !stopped.getAsBoolean()) {
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
      int count = in.read(chunk.clear());
      chunk.flip();
      if (count < 0) {
        throw new IOException("the agent's connection ended");
      }
      if (count == 0) {
        chunk.limit(0);
        LockSupport.parkNanos(POLL.toNanos());
      }
    }
    return "";
  }
}
