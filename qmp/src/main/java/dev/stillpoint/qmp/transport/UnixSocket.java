package dev.stillpoint.qmp.transport;

import dev.stillpoint.qmp.endpoint.PeerCredentials;
import io.netty.buffer.ByteBuf;
import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketCredentials;

/**
 * A connected unix socket in non-blocking mode.
 *
 * <p>junixsocket is there because it can pass descriptors (SCM_RIGHTS) and tell who the peer is. It
 * opens, connects and polls the socket, but the bytes go through the JDK's own file channels on the
 * same descriptor, because junixsocket
 *
 * <ul>
 *   <li>closes the descriptor when a write fails with EPIPE, and with it loses what the peer said
 *       before it left;
 *   <li>shuts the connection down when it closes it, also for whoever holds a duplicate of the
 *       descriptor.
 * </ul>
 */
final class UnixSocket implements Closeable {

  private final AFUNIXSocketChannel socket;
  private final @Nullable AFUNIXSocketAddress remote;
  private final boolean servedByPeer;
  private final FileDescriptor descriptor;
  private final FileChannel in;
  private final FileChannel out;

  private UnixSocket(
      AFUNIXSocketChannel socket, @Nullable AFUNIXSocketAddress remote, boolean servedByPeer)
      throws IOException {
    this.socket = socket;
    this.remote = remote;
    this.servedByPeer = servedByPeer;
    this.descriptor = socket.getFileDescriptor();
    this.in = new FileInputStream(descriptor).getChannel();
    this.out = new FileOutputStream(descriptor).getChannel();
  }

  /**
   * Connects at once, or not at all: the kernel knows no pending connection to a unix socket.
   *
   * @return empty if the listener's queue is full. The kernel says EAGAIN then, and junixsocket
   *     takes that for a connection that is still pending, which would never come about.
   */
  static Optional<UnixSocket> connect(Path path) throws IOException {
    AFUNIXSocketAddress address = AFUNIXSocketAddress.of(path);
    AFUNIXSocketChannel socket = AFUNIXSocketChannel.open();
    boolean connected = false;
    try {
      socket.setShutdownOnClose(false);
      socket.configureBlocking(false);
      connected = socket.connect(address);
      return connected ? Optional.of(new UnixSocket(socket, address, true)) : Optional.empty();
    } finally {
      if (!connected) {
        socket.close();
      }
    }
  }

  /** One end of a pair of which this process has both: nobody else is behind it. */
  static UnixSocket ofPair(AFUNIXSocketChannel end) throws IOException {
    end.setShutdownOnClose(false);
    end.configureBlocking(false);
    return new UnixSocket(end, null, false);
  }

  /** For what junixsocket alone can do with it; not for bytes, and not to be closed. */
  AFUNIXSocketChannel channel() {
    return socket;
  }

  /** Who listens; empty where the kernel does not tell. */
  Optional<PeerCredentials> peer() {
    if (!servedByPeer) {
      return Optional.empty();
    }
    try {
      AFUNIXSocketCredentials peer = socket.getPeerCredentials();
      return Optional.of(
          new PeerCredentials(Math.max(0, peer.getPid()), peer.getUid(), peer.getGid()));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Empty where the connection would not outlive this process. */
  Optional<FileDescriptor> descriptor() {
    return servedByPeer ? Optional.of(descriptor) : Optional.empty();
  }

  @Nullable AFUNIXSocketAddress remote() {
    return remote;
  }

  boolean isOpen() {
    return in.isOpen();
  }

  /**
   * Fills a buffer's writable bytes as far as there is something: the count, 0, or -1 at the end.
   */
  int read(ByteBuf buffer) throws IOException {
    return buffer.writeBytes(in, buffer.writableBytes());
  }

  /** Writes a buffer's readable bytes as far as there is room: the count, or 0. */
  int write(ByteBuf buffer) throws IOException {
    return buffer.readBytes(out, buffer.readableBytes());
  }

  /**
   * Writes as far as there is room, a duplicate of the descriptor with the first byte: the count,
   * or 0 if nothing went. junixsocket forgets the descriptor then: the next attempt gives it again.
   */
  int writePassing(ByteBuf buffer, FileDescriptor passed) throws IOException {
    socket.setOutboundFileDescriptors(passed);
    int count = Math.max(0, socket.write(buffer.nioBuffer()));
    buffer.skipBytes(count);
    return count;
  }

  void shutdownInput() throws IOException {
    socket.shutdownInput();
  }

  void shutdownOutput() throws IOException {
    socket.shutdownOutput();
  }

  /** Closes the descriptor and nothing more: a duplicate of it lives on. */
  @Override
  public void close() throws IOException {
    // First the file channels: junixsocket finds no descriptor left to shut down then.
    try (socket;
        out) {
      in.close();
    }
  }
}
