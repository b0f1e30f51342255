package dev.stillpoint.cli;

import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A unix socket, reached over the loopback: each connection is one there, and ends with it. */
final class TcpRelay implements AutoCloseable {
  private static final int CHUNK = 4096;

  private final ServerSocketChannel server;
  private final Endpoint.Unix target;

  private TcpRelay(ServerSocketChannel server, Endpoint.Unix target) {
    this.server = server;
    this.target = target;
  }

  static TcpRelay to(Endpoint target) throws IOException {
    ServerSocketChannel server = ServerSocketChannel.open();
    server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    var relay = new TcpRelay(server, (Endpoint.Unix) target);
    start(relay::serve);
    return relay;
  }

  private static void start(Runnable work) {
    Thread.ofPlatform().daemon().name("tcp-relay").start(work);
  }

  Endpoint endpoint() throws IOException {
    var address = (InetSocketAddress) server.getLocalAddress();
    return Endpoint.tcp(address.getAddress().getHostAddress(), address.getPort());
  }

  private void serve() {
    while (server.isOpen()) {
      try {
        SocketChannel here = server.accept();
        SocketChannel there = SocketChannel.open(UnixDomainSocketAddress.of(target.path()));
        start(() -> copy(here, there));
        start(() -> copy(there, here));
      } catch (IOException e) {
        // Closed, or this one could not be connected: the client sees it end.
      }
    }
  }

  private static void copy(ByteChannel from, ByteChannel to) {
    try (from;
        to) {
      ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
      while (from.read(chunk.clear()) >= 0) {
        chunk.flip();
        while (chunk.hasRemaining()) {
          to.write(chunk);
        }
      }
    } catch (IOException e) {
      // One side has ended, and the other ends with it.
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
