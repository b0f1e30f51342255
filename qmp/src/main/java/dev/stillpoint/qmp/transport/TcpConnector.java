package dev.stillpoint.qmp.transport;

import dev.stillpoint.qmp.endpoint.ConnectFailedException;
import dev.stillpoint.qmp.endpoint.ConnectFailedException.Reason;
import dev.stillpoint.qmp.endpoint.Endpoint;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to connect to a TCP endpoint: the host's addresses in turn, each for its share of the
 * time that is left.
 */
final class TcpConnector {

  /** Looks a host up; may block. */
  @FunctionalInterface
  interface Resolver {
    InetAddress[] resolve(String host) throws UnknownHostException;
  }

  /** Where to connect to, and on behalf of which endpoint, which messages name. */
  record Address(Endpoint endpoint, String host, int port) {}

  /** A look-up cannot be interrupted; so many may hang before others wait for them. */
  private static final int MAX_LOOKUPS = 4;

  private static final int MAX_WAITING_LOOKUPS = 256;
  private static final long IDLE_LOOKUP_THREAD_SECONDS = 5;

  /** For what may block before a connection stands: look-ups, files, the arithmetic of TLS. */
  static final Executor LOOKUPS = lookupThreads();

  private final Address address;
  private final EventLoop loop;
  private final Duration timeout;
  private final long deadline;
  private final ChannelHandler initializer;
  private final CompletableFuture<Channel> connected;

  TcpConnector(
      Address address,
      EventLoop loop,
      Duration timeout,
      ChannelHandler initializer,
      CompletableFuture<Channel> connected) {
    this.address = address;
    this.loop = loop;
    this.timeout = timeout;
    this.deadline = System.nanoTime() + timeout.toNanos();
    this.initializer = initializer;
    this.connected = connected;
  }

  private static Executor lookupThreads() {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            MAX_LOOKUPS,
            MAX_LOOKUPS,
            IDLE_LOOKUP_THREAD_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING_LOOKUPS),
            new DefaultThreadFactory("stillpoint-lookup", true));
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  void start(Resolver resolver) {
    var timer = loop.schedule(this::timedOut, timeout.toNanos(), TimeUnit.NANOSECONDS);
    var unused = connected.whenComplete((channel, failure) -> timer.cancel(false));
    try {
      LOOKUPS.execute(() -> resolve(resolver));
    } catch (RejectedExecutionException e) {
      fail(Reason.OTHER, "too many host names are being looked up", e);
    }
  }

  private void timedOut() {
    fail(Reason.TIMED_OUT, "no answer within %d ms".formatted(timeout.toMillis()), null);
  }

  private void resolve(Resolver resolver) {
    try {
      InetAddress[] addresses = resolver.resolve(address.host());
      tryAddress(addresses, 0);
    } catch (UnknownHostException e) {
      fail(Reason.UNKNOWN_HOST, "the host is not known", e);
    } catch (RuntimeException | LinkageError e) {
      fail(Reason.OTHER, String.valueOf(e), e);
    }
  }

  private void tryAddress(InetAddress[] addresses, int index) {
    long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    if (connected.isDone()) {
      return;
    }
    long share = left / (addresses.length - index);
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .disableResolver()
            .option(ChannelOption.TCP_NODELAY, true)
            // A write that fails must not close the channel: what the peer said before is still to
            // be read.
            .option(ChannelOption.AUTO_CLOSE, false)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, Math.clamp(share, 1, Integer.MAX_VALUE))
            .handler(new Admission());
    var unused =
        bootstrap
            .connect(new InetSocketAddress(addresses[index], address.port()))
            .addListener(done -> {
              if (!done.isSuccess() && index + 1 < addresses.length) {
                tryAddress(addresses, index + 1);
              } else if (!done.isSuccess()) {
                explain(done.cause());
              }
            });
  }

  /** Lets the caller's handler in once a connection stands: it may be good for one channel only. */
  private final class Admission extends ChannelInboundHandlerAdapter {
    @Override
    public void channelActive(ChannelHandlerContext context) {
      context.pipeline().addLast(new WriteLimit(), initializer);
      if (connected.complete(context.channel())) {
        context.fireChannelActive();
        context.pipeline().remove(this);
      } else {
        var unused = context.close();
      }
    }
  }

  private void explain(Throwable cause) {
    switch (cause) {
      case ConnectTimeoutException e -> timedOut();
      case NoRouteToHostException e -> fail(Reason.UNREACHABLE, "no route to the host", e);
      case ConnectException e -> fail(Reason.REFUSED, "nobody listens on this port", e);
      default -> fail(Reason.OTHER, String.valueOf(cause), cause);
    }
  }

  private void fail(Reason reason, String detail, @Nullable Throwable cause) {
    connected.completeExceptionally(
        new ConnectFailedException(address.endpoint(), reason, detail, cause));
  }
}
