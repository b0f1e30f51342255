package dev.stillpoint.qmp.transport;

import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/**
 * The other end of a connection, on the JDK's own blocking sockets: a second opinion on what
 * travels.
 */
final class Peer implements AutoCloseable {

  private final ServerSocketChannel server;
  private final Endpoint endpoint;

  private Peer(ServerSocketChannel server, Endpoint endpoint) {
    this.server = server;
    this.endpoint = endpoint;
  }

  static Peer unix(Path directory) throws IOException {
    return unix(directory, 0);
  }

  static Peer unix(Path directory, int backlog) throws IOException {
    Path path = directory.resolve("peer.sock");
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(path), backlog);
    return new Peer(server, Endpoint.unix(path));
  }

  static Peer tcp() throws IOException {
    return tcp(0);
  }

  static Peer tcp(int backlog) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), backlog);
    int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
    return new Peer(server, Endpoint.tcp("127.0.0.1", port));
  }

  Endpoint endpoint() {
    return endpoint;
  }

  SocketChannel accept() throws IOException {
    return server.accept();
  }

  /** Serves one client on a thread of its own, then closes the connection. */
  CompletableFuture<Void> serve(Script script) {
    CompletableFuture<Void> served = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("peer")
        .start(() -> {
          try {
            serveOne(script);
            served.complete(null);
          } catch (Throwable e) {
            served.completeExceptionally(e);
          }
        });
    return served;
  }

  private void serveOne(Script script) throws Exception {
    try (SocketChannel client = server.accept()) {
      script.play(client);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  static void send(SocketChannel client, byte[] bytes) throws IOException {
    ByteBuffer left = ByteBuffer.wrap(bytes);
    while (left.hasRemaining()) {
      client.write(left);
    }
  }

  /** Reads to the end of the stream. */
  static byte[] readAll(SocketChannel client) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer chunk = ByteBuffer.allocate(64 * 1024);
    while (client.read(chunk.clear()) >= 0) {
      all.write(chunk.array(), 0, chunk.position());
    }
    return all.toByteArray();
  }

  /** What a peer does with its one client. */
  @FunctionalInterface
  interface Script {
    void play(SocketChannel client) throws Exception;
  }
}
