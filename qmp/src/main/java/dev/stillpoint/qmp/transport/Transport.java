package dev.stillpoint.qmp.transport;

import dev.stillpoint.qmp.endpoint.ConnectFailedException;
import dev.stillpoint.qmp.endpoint.ConnectFailedException.Reason;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.endpoint.PeerCredentials;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.FileDescriptor;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/**
 * Connects to endpoints.
 *
 * <p>All connections of the process share one daemon thread for unix sockets and one for TCP, each
 * started on first use and never stopped. Handlers, and what depends on the futures of this class,
 * run on them: they must not block, or every other connection waits.
 */
public final class Transport {

  /** A write that would leave more than this unwritten fails with a {@link WriteLimitException}. */
  public static final int MAX_UNWRITTEN_BYTES = 16 * 1024 * 1024;

  private static final int THREADS = 1;

  static {
    // Netty looks for leaks of one buffer in many, and loads what it needs for that when the first
    // of them comes: that may be while a guest is frozen.
    var leaks = new ResourceLeakDetector<Object>(Transport.class, 1);
    var watched = new Object();
    ResourceLeakTracker<Object> one = leaks.track(watched);
    if (one != null) {
      one.record();
      var unused = one.close(watched);
    }
  }

  private Transport() {}

  /**
   * Who is behind a unix socket. Empty for other channels, where the kernel does not tell, and once
   * the channel is closed.
   */
  public static Optional<PeerCredentials> peer(Channel channel) {
    return channel instanceof UnixChannel unix ? unix.socket().peer() : Optional.empty();
  }

  /** The process of {@link #peer}, where it is known. */
  public static OptionalLong peerPid(Channel channel) {
    long pid = peer(channel).map(PeerCredentials::pid).orElse(0L);
    return pid > 0 ? OptionalLong.of(pid) : OptionalLong.empty();
  }

  /**
   * The descriptor of a unix socket's connection, to be passed on and not to be used; empty for
   * other channels.
   */
  public static Optional<FileDescriptor> descriptor(Channel channel) {
    return channel instanceof UnixChannel unix ? unix.socket().descriptor() : Optional.empty();
  }

  /** Started when the first unix socket is connected; loads junixsocket's native library. */
  private static final class UnixLoops {
    static final EventLoopGroup GROUP =
        new MultiThreadIoEventLoopGroup(
            THREADS, new DefaultThreadFactory("stillpoint-unix", true), PollLoop.factory());
  }

  /** Started when the first TCP socket is connected. */
  private static final class TcpLoops {
    static final EventLoopGroup GROUP =
        new MultiThreadIoEventLoopGroup(
            THREADS, new DefaultThreadFactory("stillpoint-tcp", true), NioIoHandler.newFactory());
  }

  /**
   * Connects to an endpoint.
   *
   * <p>The future completes on the channel's event loop, with a channel that is open. A listener
   * whose queue is full is asked again until the timeout; a connection that is queued and not
   * served yet counts as connected, and so does a program that has been started. With TLS the
   * handshake is over then, but a server that does not like our certificate says so later.
   * Cancelling the future gives the attempt up and closes a channel that came too late.
   *
   * <p>The channel is a {@link io.netty.channel.socket.DuplexChannel}. It delivers every byte that
   * the peer sent before {@code channelInactive}. A peer that leaves without having read all of
   * ours (QEMU does on {@code quit}) is an {@code IOException} to {@code exceptionCaught}, after
   * its last byte and before {@code channelInactive}. A failed write ends the output only ({@code
   * AUTO_CLOSE} is off): wait for the end of the input, or close. Bytes that the peer does not take
   * are kept up to {@link #MAX_UNWRITTEN_BYTES}; make each message one buffer, as a refused buffer
   * is not sent in part.
   *
   * @param connectTimeout how long the attempt may take in all, more than zero
   * @param initializer added to the new channel's pipeline before the first byte is read
   * @return the open channel, or a {@link ConnectFailedException}
   */
  public static CompletableFuture<Channel> connect(
      Endpoint endpoint, Duration connectTimeout, ChannelHandler initializer) {
    if (connectTimeout.isNegative() || connectTimeout.isZero()) {
      throw new IllegalArgumentException("Not a timeout: " + connectTimeout);
    }
    CompletableFuture<Channel> connected = new CompletableFuture<>();
    try {
      switch (endpoint) {
        case Endpoint.Unix unix ->
            new UnixConnector(unix, UnixLoops.GROUP.next(), connectTimeout, initializer, connected)
                .start();
        case Endpoint.Tcp tcp ->
            new TcpConnector(
                    new TcpConnector.Address(tcp, tcp.host(), tcp.port()),
                    TcpLoops.GROUP.next(),
                    connectTimeout,
                    initializer,
                    connected)
                .start(InetAddress::getAllByName);
        case Endpoint.Tls tls ->
            new TlsConnector(tls, TcpLoops.GROUP.next(), connectTimeout, initializer, connected)
                .start();
        case Endpoint.Exec exec ->
            new ExecConnector(exec, UnixLoops.GROUP.next(), initializer, connected).start();
      }
    } catch (LinkageError | RuntimeException e) {
      // junixsocket's native library could not be loaded, most likely
      connected.completeExceptionally(
          new ConnectFailedException(endpoint, Reason.OTHER, String.valueOf(e), e));
    }
    return connected;
  }
}
