package dev.stillpoint.qmp.testing;

import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.wire.Json;
import dev.stillpoint.qmp.wire.Lines;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The socket of a fake: one client is served at a time and the next ones wait unheard, as with
 * QEMU's character devices. Lines are cut by the decoder that the clients use.
 */
public final class FakePeer implements AutoCloseable {
  private static final int CHUNK = 64 * 1024;
  private static final int QUEUE = 2;

  /** The time between two bytes of what is {@link Fault#SLOW}. */
  public static final Duration PACE = Duration.ofMillis(1);

  private final Path directory;
  private final Path socket;
  private final ServerSocketChannel server;
  private final Conversation conversation;
  private final List<byte[]> held = new ArrayList<>();
  private final List<byte[]> swapped = new ArrayList<>();
  private @Nullable SocketChannel client;
  private int connections;
  private boolean paused;

  /** What a fake does with its clients; called on the thread of the fake. */
  public interface Conversation {
    /** A client is served from now on. */
    void opened();

    /** It sent a line, given without its end. */
    void received(byte[] line);
  }

  private FakePeer(Path directory, Conversation conversation) throws IOException {
    this.directory = directory;
    this.socket = directory.resolve("fake.sock");
    this.conversation = conversation;
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket), QUEUE);
  }

  /** Listens in a new temporary directory. */
  public static FakePeer start(String name, Conversation conversation) {
    try {
      var peer = new FakePeer(Files.createTempDirectory(name), conversation);
      Thread.ofPlatform().daemon().name(name).start(peer::serve);
      return peer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where it listens. */
  public Endpoint endpoint() {
    return Endpoint.unix(socket);
  }

  /** How many clients were served so far, the present one included. */
  public synchronized int connections() {
    return connections;
  }

  private void serve() {
    while (server.isOpen()) {
      try (SocketChannel accepted = server.accept()) {
        synchronized (this) {
          client = accepted;
          connections++;
        }
        converse(accepted);
      } catch (IOException e) {
        // This client is gone, or the fake was closed; the loop's condition tells which.
      } finally {
        synchronized (this) {
          client = null;
          swapped.clear();
        }
      }
    }
  }

  private void converse(SocketChannel accepted) throws IOException {
    var lines = new EmbeddedChannel(Lines.decoder());
    var chunk = ByteBuffer.allocate(CHUNK);
    conversation.opened();
    while (accepted.read(chunk.clear()) >= 0) {
      awaitReading(accepted);
      lines.writeInbound(Unpooled.copiedBuffer(chunk.flip()));
      for (ByteBuf line = lines.readInbound(); line != null; line = lines.readInbound()) {
        byte[] bytes = ByteBufUtil.getBytes(line);
        line.release();
        conversation.received(bytes);
      }
    }
  }

  /** A read that was under way when reading was paused keeps its bytes until it goes on. */
  private synchronized void awaitReading(SocketChannel from) throws IOException {
    try {
      while (paused && from.isOpen()) {
        wait();
      }
    } catch (InterruptedException e) {
      throw new IOException("interrupted", e);
    }
  }

  /** Reads no more, so that writes of the client block once the socket's buffers are full. */
  public synchronized void pauseReading() {
    paused = true;
  }

  /** Reads on. */
  public synchronized void resumeReading() {
    paused = false;
    notifyAll();
  }

  /** Sends bytes as they are to the client that is served; to nobody when there is none. */
  public synchronized void send(byte[] bytes) {
    SocketChannel to = client;
    if (to == null) {
      return;
    }
    try {
      var left = ByteBuffer.wrap(bytes);
      while (left.hasRemaining()) {
        to.write(left);
      }
    } catch (IOException e) {
      // The client has gone; the serving thread notices.
      disconnect();
    }
  }

  /** Sends a reply, or does to it what the fault says. Then come those that it was to overtake. */
  public synchronized void reply(byte[] line, @Nullable Fault fault) {
    if (fault == Fault.SWAPPED) {
      swapped.add(line);
      return;
    }
    suffer(line, fault);
    swapped.forEach(this::send);
    swapped.clear();
  }

  private void suffer(byte[] line, @Nullable Fault fault) {
    switch (fault) {
      case null -> send(line);
      case LOST, SWAPPED -> {}
      case HELD -> held.add(line);
      case SPLIT -> sendBytes(line, Duration.ZERO);
      case SLOW -> sendBytes(line, PACE);
      case TWICE -> {
        send(line);
        send(line);
      }
      case GARBAGE_BEFORE -> {
        send("@#!{\n".getBytes(StandardCharsets.UTF_8));
        send(line);
      }
      case OVERSIZED -> {
        byte[] blanks = new byte[CHUNK];
        Arrays.fill(blanks, (byte) ' ');
        for (int sent = 0; sent < Json.MAX_LINE; sent += CHUNK) {
          send(blanks);
        }
        send(line);
      }
      case CUT_OFF -> {
        send(Arrays.copyOf(line, line.length / 2));
        disconnect();
      }
      case CLOSED -> disconnect();
    }
  }

  private void sendBytes(byte[] line, Duration pace) {
    for (byte one : line) {
      long next = System.nanoTime() + pace.toNanos();
      send(new byte[] {one});
      for (long left = pace.toNanos(); left > 0; left = next - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
    }
  }

  /** Sends the replies that were held, in order. */
  public synchronized void releaseReplies() {
    held.forEach(this::send);
    held.clear();
  }

  /** How many replies are held. */
  public synchronized int heldReplies() {
    return held.size();
  }

  /** Ends the present connection. */
  public synchronized void disconnect() {
    SocketChannel present = client;
    if (present != null) {
      notifyAll();
      try {
        present.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Stops listening, ends the present connection and removes the socket. */
  @Override
  public void close() {
    try {
      server.close();
      disconnect();
      Files.deleteIfExists(socket);
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
