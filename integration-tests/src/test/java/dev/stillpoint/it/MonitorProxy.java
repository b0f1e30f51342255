package dev.stillpoint.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/** Stands between one client and a monitor, and sees every line that the client sends. */
final class MonitorProxy implements AutoCloseable {
  private static final int CHUNK = 1 << 16;

  private final ServerSocketChannel server;
  private final Path socket;

  private MonitorProxy(ServerSocketChannel server, Path socket) {
    this.server = server;
    this.socket = socket;
  }

  /**
   * Listens at a socket.
   *
   * @param passed what goes to the monitor in a line's place; empty to drop it
   */
  static MonitorProxy before(Path monitor, Path socket, Function<String, Optional<String>> passed)
      throws IOException {
    var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    var proxy = new MonitorProxy(server, socket);
    Thread.ofPlatform().daemon().start(() -> proxy.serve(monitor, passed));
    return proxy;
  }

  Path socket() {
    return socket;
  }

  private void serve(Path monitor, Function<String, Optional<String>> passed) {
    try (SocketChannel client = server.accept();
        SocketChannel target = SocketChannel.open(UnixDomainSocketAddress.of(monitor))) {
      Thread.ofPlatform().daemon().start(() -> answers(target, client));
      var buffer = ByteBuffer.allocate(CHUNK);
      var line = new StringBuilder();
      while (client.read(buffer.clear()) >= 0) {
        line.append(StandardCharsets.UTF_8.decode(buffer.flip()));
        for (int end = line.indexOf("\n"); end >= 0; end = line.indexOf("\n")) {
          Optional<String> instead = passed.apply(line.substring(0, end + 1));
          line.delete(0, end + 1);
          if (instead.isPresent()) {
            write(target, ByteBuffer.wrap(instead.get().getBytes(StandardCharsets.UTF_8)));
          }
        }
      }
    } catch (IOException ended) {
      // One of both has gone; the other is told by the close.
    }
  }

  private static void answers(SocketChannel target, SocketChannel client) {
    var buffer = ByteBuffer.allocate(CHUNK);
    try {
      while (target.read(buffer.clear()) >= 0) {
        write(client, buffer.flip());
      }
      client.shutdownOutput();
    } catch (IOException ended) {
      // As above.
    }
  }

  private static void write(SocketChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
