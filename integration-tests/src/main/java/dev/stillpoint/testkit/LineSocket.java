package dev.stillpoint.testkit;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Lines and bytes over a unix socket, with a deadline for every wait and no protocol: what the kit
 * itself says to QEMU, to the agent and to the guest's shell, and what a test says that must stand
 * without any client. Not for use by more than one thread; an interrupt ends a wait by closing.
 */
public final class LineSocket implements Closeable {
  /** {@code query-qmp-schema} is 207 KB on one line. */
  private static final int LONGEST_LINE = 1 << 20;

  private final Path path;
  private final SocketChannel channel;
  private final Selector selector;
  private final ByteBuffer in = ByteBuffer.allocate(8 << 10).flip();

  private LineSocket(Path path, SocketChannel channel, Selector selector) {
    this.path = path;
    this.channel = channel;
    this.selector = selector;
  }

  /**
   * Connects at once; {@code null} is no path.
   *
   * @throws IOException naming the path: nobody listens, or too many wait there already
   */
  public static LineSocket connect(Path path) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(path));
      channel.configureBlocking(false);
      Selector selector = Selector.open();
      channel.register(selector, SelectionKey.OP_READ);
      return new LineSocket(path, channel, selector);
    } catch (IOException e) {
      channel.close();
      throw new IOException("cannot connect to " + path + ": " + e.getMessage(), e);
    }
  }

  /** Sends the text as it is, in UTF-8; short enough for the socket's buffer. */
  public void send(String text) throws IOException {
    send(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Sends the bytes as they are.
   *
   * @throws IOException if the socket does not take them all at once
   */
  public void send(byte[] bytes) throws IOException {
    int written = channel.write(ByteBuffer.wrap(bytes));
    if (written != bytes.length) {
      throw new IOException("%s took %d of %d bytes".formatted(path, written, bytes.length));
    }
  }

  /**
   * The next line, without its end, read as UTF-8.
   *
   * @throws IOException if it does not come before the deadline, or the other side is gone
   */
  public String readLine(Deadline deadline) throws IOException {
    var line = new ByteArrayOutputStream();
    while (line.size() < LONGEST_LINE) {
      if (!in.hasRemaining()) {
        fill(deadline);
      }
      byte next = in.get();
      if (next == '\n') {
        return line.toString(StandardCharsets.UTF_8);
      }
      line.write(next);
    }
    throw new IOException("a line of more than %d bytes from %s".formatted(LONGEST_LINE, path));
  }

  private void fill(Deadline deadline) throws IOException {
    in.clear();
    int read = channel.read(in);
    while (read == 0) {
      Duration left = deadline.left();
      if (left.isZero()) {
        throw new IOException("no answer from %s within %s".formatted(path, deadline.limit()));
      }
      selector.select(Math.max(1, left.toMillis()));
      selector.selectedKeys().clear();
      read = channel.read(in);
    }
    if (read < 0) {
      throw new IOException(path + " was closed by the other side");
    }
    in.flip();
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      selector.close();
    }
  }
}
