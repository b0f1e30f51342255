package dev.stillpoint.qmp.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.timeout.WriteTimeoutException;
import io.netty.handler.timeout.WriteTimeoutHandler;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.newsclub.net.unix.AFUNIXSocketChannel;
import org.newsclub.net.unix.AFUNIXSocketPair;

@Timeout(60)
class UnixChannelTest {

  private static final int RUNS = 100;
  private static final int SHORT_REPLY = 20;
  private static final int LONG_REPLY = 150_000;
  private static final Duration SOON = Duration.ofSeconds(10);

  @TempDir Path directory;
  private Peer peer;
  private final Listener listener = new Listener();

  @BeforeEach
  void listen() throws IOException {
    peer = Peer.unix(directory);
  }

  @AfterEach
  void stop() throws IOException {
    peer.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {SHORT_REPLY, LONG_REPLY})
  void aPeerThatAnswersAndClosesAtOnceLosesNothing(int size) throws Exception {
    byte[] reply = randomBytes(size);
    for (int run = 0; run < RUNS; run++) {
      // given a peer that sends its reply to the request and is gone
      CompletableFuture<Void> served =
          peer.serve(client -> {
            client.read(ByteBuffer.allocate(1));
            Peer.send(client, reply);
          });
      Listener received = new Listener();
      Channel channel = connect(received);
      // when the request is written
      channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1])).sync();
      // then the whole reply comes before the end
      assertArrayEquals(reply, received.end().get(10, SECONDS), "run " + run);
      served.get(10, SECONDS);
      assertEquals(List.of(), received.errors());
    }
  }

  @Test
  void aHundredConnectsSucceedAndCarryBytesBothWays() throws Exception {
    for (int run = 0; run < RUNS; run++) {
      CompletableFuture<Void> served =
          peer.serve(client -> {
            ByteBuffer request = ByteBuffer.allocate(1);
            client.read(request);
            client.write(request.flip());
            assertEquals(-1, client.read(request.clear()));
          });
      Listener received = new Listener();
      Channel channel = connect(received);
      channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {(byte) run})).sync();
      await().pollInterval(1, MILLISECONDS).until(() -> received.count() == 1);
      channel.close().sync();
      served.get(10, SECONDS);
    }
  }

  @Test
  void whatThePeerSaidIsDeliveredAlthoughAWriteFailed() throws Exception {
    // given a peer that answered and went before we read a byte
    byte[] reply = randomBytes(LONG_REPLY);
    CompletableFuture<Void> served = peer.serve(client -> Peer.send(client, reply));
    Channel channel = connect(listener, ChannelOption.AUTO_READ, false);
    served.get(10, SECONDS);
    // when we write to it, and only then read
    ChannelFuture write = channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1])).await();
    assertInstanceOf(IOException.class, write.cause());
    assertTrue(channel.isOpen());
    assertFalse(channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1])).await().isSuccess());
    channel.config().setAutoRead(true);
    // then nothing is lost
    assertArrayEquals(reply, listener.end().get(10, SECONDS));
  }

  @Test
  void aPeerThatLeavesWithBytesOfOursUnreadIsAnErrorAfterItsLastByte() throws Exception {
    // QEMU does so on quit, with the newline behind the command
    byte[] reply = randomBytes(LONG_REPLY);
    CountDownLatch written = new CountDownLatch(1);
    CompletableFuture<Void> served =
        peer.serve(client -> {
          written.await();
          Peer.send(client, reply);
        });
    Channel channel = connect(listener);
    channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1])).sync();
    written.countDown();
    assertArrayEquals(reply, listener.end().get(10, SECONDS));
    assertEquals(1, listener.errors().size());
    assertInstanceOf(IOException.class, listener.errors().getFirst());
    served.get(10, SECONDS);
  }

  @Test
  void nothingIsReadUntilItIsAskedForEvenAfterTheHangUp() throws Exception {
    byte[] reply = randomBytes(LONG_REPLY);
    CompletableFuture<Void> served = peer.serve(client -> Peer.send(client, reply));
    Channel channel = connect(listener, ChannelOption.AUTO_READ, false);
    served.get(10, SECONDS);
    roundTrips(channel);
    assertEquals(0, listener.count());
    // one read() delivers one buffer, and the channel stays open
    channel.read();
    await().until(() -> listener.count() > 0);
    roundTrips(channel);
    int first = listener.count();
    assertTrue(first < LONG_REPLY, "delivered " + first);
    assertTrue(channel.isOpen());
    channel.config().setAutoRead(true);
    assertArrayEquals(reply, listener.end().get(10, SECONDS));
  }

  @Test
  void aReaderThatIsNotReadyHoldsThePeerBack() throws Exception {
    // given a peer that sends until the socket takes no more
    byte[] chunk = randomBytes(64 * 1024);
    CompletableFuture<Integer> stuckAt = new CompletableFuture<>();
    CompletableFuture<Void> served =
        peer.serve(client -> {
          stuckAt.complete(sendUntilStuck(client, chunk));
          client.configureBlocking(true);
          Peer.send(client, chunk);
        });
    // when we do not read
    Channel channel = connect(listener, ChannelOption.AUTO_READ, false);
    int sent = stuckAt.get(10, SECONDS);
    // then it is the kernel's buffer that fills, not our memory
    assertTrue(sent < 1024 * 1024, "the peer could send " + sent);
    roundTrips(channel);
    assertEquals(0, listener.count());
    // and all of it comes once we do
    channel.config().setAutoRead(true);
    assertEquals(sent + chunk.length, listener.end().get(10, SECONDS).length);
    served.get(10, SECONDS);
  }

  @Test
  void aReaderCanPauseInTheMiddle() throws Exception {
    // given a connection on which bytes have come
    CountDownLatch paused = new CountDownLatch(1);
    CompletableFuture<Void> sentMore = new CompletableFuture<>();
    CompletableFuture<Void> served =
        peer.serve(client -> {
          Peer.send(client, new byte[10]);
          paused.await();
          Peer.send(client, new byte[10]);
          sentMore.complete(null);
          Peer.readAll(client);
        });
    Channel channel = connect(listener);
    await().pollInterval(1, MILLISECONDS).until(() -> listener.count() == 10);
    // when reading is turned off and more arrives
    channel.eventLoop().submit(() -> channel.config().setAutoRead(false)).get(10, SECONDS);
    paused.countDown();
    sentMore.get(10, SECONDS);
    roundTrips(channel);
    // then it waits until reading is turned on
    assertEquals(10, listener.count());
    channel.config().setAutoRead(true);
    await().until(() -> listener.count() == 20);
    channel.close().sync();
    served.get(10, SECONDS);
  }

  private static int sendUntilStuck(SocketChannel client, byte[] chunk) throws IOException {
    client.configureBlocking(false);
    int sent = 0;
    for (int n = 1; n > 0; sent += n) {
      n = client.write(ByteBuffer.wrap(chunk));
    }
    return sent;
  }

  @Test
  void theLimitIsOnWhatIsUnwrittenNotOnWhatWasWritten() throws Exception {
    CompletableFuture<Integer> read = new CompletableFuture<>();
    CompletableFuture<Void> served =
        peer.serve(client -> read.complete(Peer.readAll(client).length));
    Channel channel = connect(listener);
    byte[] chunk = new byte[1024 * 1024];
    int writes = 2 * Transport.MAX_UNWRITTEN_BYTES / chunk.length;
    for (int i = 0; i < writes; i++) {
      channel.writeAndFlush(Unpooled.wrappedBuffer(chunk)).sync();
    }
    channel.close().sync();
    assertEquals(writes * chunk.length, read.get(10, SECONDS));
    served.get(10, SECONDS);
  }

  @Test
  void aPeerThatDoesNotReadMakesWritesFailAndNotOurMemoryGrow() throws Exception {
    // given a peer that takes nothing
    CountDownLatch done = new CountDownLatch(1);
    CompletableFuture<Void> served = peer.serve(client -> done.await());
    Channel channel = connect(listener);
    // when we write and write
    byte[] chunk = new byte[1024 * 1024];
    List<ChannelFuture> writes = new ArrayList<>();
    for (int i = 0; i < 2 * Transport.MAX_UNWRITTEN_BYTES / chunk.length; i++) {
      writes.add(channel.writeAndFlush(Unpooled.wrappedBuffer(chunk)));
    }
    // then the channel says so, keeps what the limit allows and refuses the rest
    ChannelFuture last = writes.getLast();
    WriteLimitException refused = assertThrows(WriteLimitException.class, () -> get(last));
    assertTrue(String.valueOf(refused.getMessage()).contains("does not read"));
    assertFalse(channel.isWritable());
    long kept = writes.stream().filter(write -> !write.isDone()).count();
    assertTrue(kept > 0 && kept * chunk.length <= Transport.MAX_UNWRITTEN_BYTES, "kept " + kept);
    assertTrue(channel.isOpen());
    // and close returns, and fails what was kept
    assertTrue(channel.close().await(10, SECONDS));
    for (ChannelFuture write : writes) {
      assertTrue(write.await(10, SECONDS));
    }
    listener.end().get(10, SECONDS);
    done.countDown();
    served.get(10, SECONDS);
  }

  @Test
  void whatAStuckPeerTakesLaterIsWrittenInOrder() throws Exception {
    byte[] sent = randomBytes(3_000_000);
    CountDownLatch start = new CountDownLatch(1);
    CompletableFuture<byte[]> read = new CompletableFuture<>();
    CompletableFuture<Void> served =
        peer.serve(client -> {
          start.await();
          read.complete(Peer.readAll(client));
        });
    DuplexChannel channel = (DuplexChannel) connect(listener);
    ChannelFuture write = writeAll(channel, sent);
    assertFalse(channel.isWritable());
    start.countDown();
    write.sync();
    channel.shutdownOutput().sync();
    assertArrayEquals(sent, read.get(10, SECONDS));
    served.get(10, SECONDS);
    assertTrue(channel.isWritable() || channel.isOutputShutdown() || !channel.isOpen());
  }

  @Test
  void aWriteTimeoutFiresWhileThePeerIsStuck() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    CompletableFuture<Void> served = peer.serve(client -> done.await());
    Channel channel = connect(listener);
    channel.pipeline().addFirst(new WriteTimeoutHandler(100, MILLISECONDS));
    ChannelFuture write = channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[8 * 1024 * 1024]));
    assertTrue(write.await(10, SECONDS));
    assertFalse(write.isSuccess());
    await()
        .until(() -> listener.errors().stream().anyMatch(WriteTimeoutException.class::isInstance));
    channel.close().sync();
    done.countDown();
    served.get(10, SECONDS);
  }

  @Test
  void afterItsOutputIsShutDownTheChannelStillReads() throws Exception {
    byte[] reply = randomBytes(LONG_REPLY);
    CompletableFuture<Void> served =
        peer.serve(client -> {
          assertArrayEquals("question".getBytes(US_ASCII), Peer.readAll(client));
          Peer.send(client, reply);
        });
    DuplexChannel channel = (DuplexChannel) connect(listener);
    channel.writeAndFlush(Unpooled.copiedBuffer("question", US_ASCII)).sync();
    channel.shutdownOutput().sync();
    assertTrue(channel.isOutputShutdown());
    assertFalse(channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[1])).await().isSuccess());
    assertArrayEquals(reply, listener.end().get(10, SECONDS));
    served.get(10, SECONDS);
  }

  @Test
  void withHalfClosureThePeersEndIsAnEventAndWeStillWrite() throws Exception {
    CompletableFuture<byte[]> read = new CompletableFuture<>();
    CompletableFuture<Void> served =
        peer.serve(client -> {
          Peer.send(client, "reply".getBytes(US_ASCII));
          client.shutdownOutput();
          read.complete(Peer.readAll(client));
        });
    DuplexChannel channel =
        (DuplexChannel) connect(listener, ChannelOption.ALLOW_HALF_CLOSURE, true);
    await().until(() -> listener.events().contains(ChannelInputShutdownEvent.INSTANCE));
    assertEquals("reply", new String(listener.received(), US_ASCII));
    assertTrue(channel.isInputShutdown());
    assertTrue(channel.isOpen());
    channel.writeAndFlush(Unpooled.copiedBuffer("more", US_ASCII)).sync();
    // and it closes by itself once both directions are over
    channel.shutdownOutput().sync();
    assertEquals("more", new String(read.get(10, SECONDS), US_ASCII));
    served.get(10, SECONDS);
    listener.end().get(10, SECONDS);
  }

  @Test
  void withoutHalfClosureThePeersEndClosesTheChannel() throws Exception {
    CompletableFuture<Void> served =
        peer.serve(client -> {
          client.shutdownOutput();
          Peer.readAll(client);
        });
    connect(listener);
    assertEquals(0, listener.end().get(10, SECONDS).length);
    served.get(10, SECONDS);
  }

  @Test
  void closingLeavesADuplicateOfTheDescriptorAlone() throws Exception {
    // given a duplicate of the connection's descriptor, as another process would hold it
    AFUNIXSocketPair<AFUNIXSocketChannel> post = AFUNIXSocketPair.open();
    SocketChannel client;
    try (AFUNIXSocketChannel sender = post.getSocket1();
        AFUNIXSocketChannel receiver = post.getSocket2()) {
      UnixChannel channel = (UnixChannel) connect(listener);
      client = peer.accept();
      receiver.setAncillaryReceiveBufferSize(1024);
      sender.setOutboundFileDescriptors(channel.socket().channel().getFileDescriptor());
      sender.write(ByteBuffer.wrap(new byte[1]));
      receiver.read(ByteBuffer.allocate(1));
      FileDescriptor duplicate = receiver.getReceivedFileDescriptors()[0];
      // when the channel is closed
      channel.close().sync();
      // then the connection lives
      try (var out = new FileOutputStream(duplicate)) {
        out.write('x');
        assertEquals(1, client.read(ByteBuffer.allocate(2)));
      }
    }
    assertEquals(-1, client.read(ByteBuffer.allocate(1)));
    client.close();
  }

  @Test
  void oneLoopServesManyConnectionsAtOnce() throws Exception {
    int connections = 200;
    List<SocketChannel> clients = new ArrayList<>();
    List<Listener> listeners = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      Listener received = new Listener();
      listeners.add(received);
      connect(received);
      clients.add(peer.accept());
    }
    for (int i = 0; i < connections; i++) {
      Peer.send(clients.get(i), Integer.toString(i).getBytes(US_ASCII));
      clients.get(i).close();
    }
    for (int i = 0; i < connections; i++) {
      assertEquals(
          Integer.toString(i), new String(listeners.get(i).end().get(10, SECONDS), US_ASCII));
    }
  }

  @Test
  void noDescriptorIsLeaked() throws Exception {
    connect(listener).close().sync();
    peer.accept().close();
    int before = openDescriptors();
    for (int run = 0; run < RUNS; run++) {
      CompletableFuture<Void> served = peer.serve(client -> Peer.send(client, new byte[1]));
      connect(new Listener()).closeFuture().sync();
      served.get(10, SECONDS);
    }
    peer.close();
    for (int run = 0; run < RUNS; run++) {
      assertThrows(ExecutionException.class, () -> connect(new Listener()));
    }
    int leaked = openDescriptors() - before;
    assertTrue(leaked < RUNS / 2, "leaked " + leaked);
  }

  private static int openDescriptors() throws IOException {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return (int) descriptors.count();
    }
  }

  private Channel connect(Listener received) throws Exception {
    return Transport.connect(peer.endpoint(), SOON, received).get(10, SECONDS);
  }

  private <T> Channel connect(Listener received, ChannelOption<T> option, T value)
      throws Exception {
    return Transport.connect(peer.endpoint(), SOON, new WithOption<>(option, value, received))
        .get(10, SECONDS);
  }

  /** In many writes; the future is the last one's. */
  private static ChannelFuture writeAll(Channel channel, byte[] bytes) {
    int half = bytes.length / 2;
    for (int i = 0; i < half; i += 1000) {
      var unused = channel.write(Unpooled.wrappedBuffer(bytes, i, Math.min(1000, half - i)));
    }
    return channel.writeAndFlush(Unpooled.wrappedBuffer(bytes, half, bytes.length - half));
  }

  /** Lets the channel's loop go round a few times: what it would do by itself, it has done then. */
  private static void roundTrips(Channel channel) throws Exception {
    for (int i = 0; i < 50; i++) {
      channel.eventLoop().submit(() -> {}).get(10, SECONDS);
    }
  }

  private static void get(ChannelFuture future) throws Throwable {
    try {
      future.get(10, SECONDS);
    } catch (ExecutionException e) {
      throw e.getCause();
    }
  }

  private static byte[] randomBytes(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }
}
