package dev.stillpoint.qmp.transport;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.endpoint.ConnectFailedException;
import dev.stillpoint.qmp.endpoint.ConnectFailedException.Reason;
import dev.stillpoint.qmp.endpoint.Endpoint;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ConnectTest {

  private static final Duration SOON = Duration.ofSeconds(10);
  private static final Duration BRIEF = Duration.ofMillis(200);

  @TempDir Path directory;

  @Test
  void aPathWithoutAFile() throws Exception {
    ConnectFailedException failure = failure(Endpoint.unix(directory.resolve("none.sock")), SOON);
    assertEquals(Reason.NO_SUCH_FILE, failure.reason());
    assertTrue(
        String.valueOf(failure.getMessage()).contains("unix:" + directory.resolve("none.sock")));
  }

  @Test
  void aFileThatIsNotASocket() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    assertEquals(Reason.NOT_A_SOCKET, failure(Endpoint.unix(file), SOON).reason());
    assertEquals(Reason.NOT_A_SOCKET, failure(Endpoint.unix(directory), SOON).reason());
  }

  @Test
  void aSocketThatItsOwnerLeftBehind() throws Exception {
    Endpoint endpoint;
    try (Peer peer = Peer.unix(directory)) {
      endpoint = peer.endpoint();
    }
    assertEquals(Reason.REFUSED, failure(endpoint, SOON).reason());
  }

  @Test
  void aPathLongerThanAnAddressHolds() throws Exception {
    // 107 bytes are the most; counted as bytes, not as characters
    String longest = "x".repeat(UnixConnector.MAX_PATH_BYTES);
    assertEquals(Reason.NO_SUCH_FILE, failure(Endpoint.parse(longest), SOON).reason());
    assertEquals(Reason.PATH_TOO_LONG, failure(Endpoint.parse(longest + "x"), SOON).reason());
    String umlauts = "\u00fc".repeat(UnixConnector.MAX_PATH_BYTES / 2 + 1);
    assertEquals(Reason.PATH_TOO_LONG, failure(Endpoint.parse(umlauts), SOON).reason());
  }

  @Test
  void aFullQueueIsTriedAgainUntilTheTimeout() throws Exception {
    try (Peer peer = Peer.unix(directory, 1)) {
      // given a listener whose queue is full
      List<Channel> queued = new ArrayList<>();
      ConnectFailedException failure = fillQueue(peer, queued);
      assertEquals(Reason.QUEUE_FULL, failure.reason());
      // when a place becomes free while we try
      CompletableFuture<Channel> waiting = Transport.connect(peer.endpoint(), SOON, new Listener());
      await()
          .during(3 * UnixConnector.QUEUE_FULL_RETRY.toMillis(), MILLISECONDS)
          .until(() -> !waiting.isDone());
      SocketChannel first = peer.accept();
      // then we get it
      Channel late = waiting.get(10, SECONDS);
      late.close().sync();
      first.close();
      for (Channel channel : queued) {
        channel.close().sync();
      }
    }
  }

  @Test
  void anAttemptThatIsGivenUpLeavesNothingBehind() throws Exception {
    try (Peer peer = Peer.unix(directory, 1)) {
      List<Channel> queued = new ArrayList<>();
      fillQueue(peer, queued);
      CompletableFuture<Channel> waiting = Transport.connect(peer.endpoint(), SOON, new Listener());
      assertTrue(waiting.cancel(false));
      // An attempt that was under way just then has ended when the loop has done something else.
      failure(Endpoint.unix(directory.resolve("none.sock")), SOON);
      // every connection that the listener finds is one of those that were made
      for (Channel channel : queued) {
        SocketChannel client = peer.accept();
        channel.close().sync();
        assertEquals(-1, client.read(ByteBuffer.allocate(1)));
        client.close();
      }
      try (SocketChannel next = nextAfter(peer)) {
        Peer.send(next, new byte[1]);
      }
    }
  }

  private static SocketChannel nextAfter(Peer peer) throws Exception {
    Channel channel = Transport.connect(peer.endpoint(), SOON, new Listener()).get(10, SECONDS);
    channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {7})).sync();
    SocketChannel client = peer.accept();
    ByteBuffer read = ByteBuffer.allocate(1);
    client.read(read);
    assertEquals(7, read.get(0));
    return client;
  }

  /** Connects until the queue is full. */
  private static ConnectFailedException fillQueue(Peer peer, List<Channel> queued)
      throws Exception {
    while (true) {
      try {
        queued.add(Transport.connect(peer.endpoint(), BRIEF, new Listener()).get(10, SECONDS));
      } catch (ExecutionException e) {
        return assertInstanceOf(ConnectFailedException.class, e.getCause());
      }
    }
  }

  @Test
  void tcpCarriesBytesBothWaysAndClosesHalf() throws Exception {
    try (Peer peer = Peer.tcp()) {
      byte[] reply = new byte[150_000];
      CompletableFuture<Void> served =
          peer.serve(client -> {
            assertArrayEquals(new byte[] {1, 2, 3}, Peer.readAll(client));
            Peer.send(client, reply);
          });
      Listener listener = new Listener();
      DuplexChannel channel =
          (DuplexChannel) Transport.connect(peer.endpoint(), SOON, listener).get(10, SECONDS);
      assertEquals(true, channel.config().getOption(ChannelOption.TCP_NODELAY));
      channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[] {1, 2, 3})).sync();
      channel.shutdownOutput().sync();
      assertArrayEquals(reply, listener.end().get(10, SECONDS));
      served.get(10, SECONDS);
    }
  }

  @Test
  void tcpRefusesWhatAStuckPeerDoesNotTake() throws Exception {
    try (Peer peer = Peer.tcp()) {
      CountDownLatch done = new CountDownLatch(1);
      CompletableFuture<Void> served = peer.serve(client -> done.await());
      Channel channel = Transport.connect(peer.endpoint(), SOON, new Listener()).get(10, SECONDS);
      int tooMuch = Transport.MAX_UNWRITTEN_BYTES + 1;
      assertInstanceOf(
          WriteLimitException.class,
          channel.writeAndFlush(Unpooled.wrappedBuffer(new byte[tooMuch])).await().cause());
      channel.close().sync();
      done.countDown();
      served.get(10, SECONDS);
    }
  }

  @Test
  void tcpWhereNobodyListens() throws Exception {
    Endpoint endpoint;
    try (Peer peer = Peer.tcp()) {
      endpoint = peer.endpoint();
    }
    assertEquals(Reason.REFUSED, failure(endpoint, SOON).reason());
  }

  @Test
  void tcpWithoutAnAnswer() throws Exception {
    try (Peer peer = Peer.tcp(1)) {
      // a full queue drops what comes: the next attempt is never answered
      List<Channel> queued = new ArrayList<>();
      assertEquals(Reason.TIMED_OUT, fillQueue(peer, queued).reason());
      for (Channel channel : queued) {
        channel.close().sync();
      }
    }
  }

  @Test
  void aHostThatIsNotKnown() throws Exception {
    ConnectFailedException failure =
        tcpFailure(
            SOON,
            host -> {
              throw new UnknownHostException(host);
            });
    assertEquals(Reason.UNKNOWN_HOST, failure.reason());
  }

  @Test
  void aLookUpThatHangsIsBounded() throws Exception {
    CountDownLatch forever = new CountDownLatch(1);
    ConnectFailedException failure =
        tcpFailure(
            BRIEF,
            host -> {
              try {
                forever.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              return new InetAddress[0];
            });
    assertEquals(Reason.TIMED_OUT, failure.reason());
    forever.countDown();
  }

  @Test
  void theAddressesOfAHostAreTriedInTurn() throws Exception {
    try (Peer peer = Peer.tcp()) {
      InetAddress nobody = InetAddress.getByAddress(new byte[] {127, 0, 0, 2});
      InetAddress here = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
      CompletableFuture<Channel> connected = new CompletableFuture<>();
      EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
      try {
        new TcpConnector(
                address((Endpoint.Tcp) peer.endpoint()),
                loops.next(),
                SOON,
                new Listener(),
                connected)
            .start(host -> new InetAddress[] {nobody, here});
        connected.get(10, SECONDS).close().sync();
      } finally {
        loops.shutdownGracefully(0, 1, SECONDS).sync();
      }
    }
  }

  @Test
  void aTimeoutMustBePositive() {
    Endpoint endpoint = Endpoint.unix(directory);
    assertThrows(
        IllegalArgumentException.class,
        () -> Transport.connect(endpoint, Duration.ZERO, new Listener()));
  }

  @Test
  void noThreadOfOursKeepsTheProcessAlive() throws Exception {
    try (Peer unix = Peer.unix(directory);
        Peer tcp = Peer.tcp()) {
      Transport.connect(unix.endpoint(), SOON, new Listener()).get(10, SECONDS).close().sync();
      Transport.connect(tcp.endpoint(), SOON, new Listener()).get(10, SECONDS).close().sync();
    }
    List<Thread> ours =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("stillpoint-"))
            .toList();
    assertFalse(ours.isEmpty());
    for (Thread thread : ours) {
      assertTrue(thread.isDaemon(), thread.getName());
    }
  }

  private static ConnectFailedException tcpFailure(Duration timeout, TcpConnector.Resolver resolver)
      throws Exception {
    CompletableFuture<Channel> connected = new CompletableFuture<>();
    EventLoopGroup loops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try {
      new TcpConnector(
              address(new Endpoint.Tcp("host", 1)),
              loops.next(),
              timeout,
              new Listener(),
              connected)
          .start(resolver);
      return failure(connected);
    } finally {
      loops.shutdownGracefully(0, 1, SECONDS).sync();
    }
  }

  private static TcpConnector.Address address(Endpoint.Tcp endpoint) {
    return new TcpConnector.Address(endpoint, endpoint.host(), endpoint.port());
  }

  private static ConnectFailedException failure(Endpoint endpoint, Duration timeout)
      throws Exception {
    ConnectFailedException failure = failure(Transport.connect(endpoint, timeout, new Listener()));
    assertEquals(endpoint, failure.endpoint());
    assertInstanceOf(IOException.class, failure);
    return failure;
  }

  private static ConnectFailedException failure(CompletableFuture<Channel> connected) {
    ExecutionException failure =
        assertThrows(ExecutionException.class, () -> connected.get(10, SECONDS));
    return assertInstanceOf(ConnectFailedException.class, failure.getCause());
  }
}
