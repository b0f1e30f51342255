package dev.stillpoint.qmp.transport;

import dev.stillpoint.qmp.endpoint.ConnectFailedException;
import dev.stillpoint.qmp.endpoint.ConnectFailedException.Reason;
import dev.stillpoint.qmp.endpoint.Endpoint;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** Connects to endpoints. */
public final class Transport {

  private static final EventLoopGroup LOOPS =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("stillpoint-io", true), NioIoHandler.newFactory());

  private Transport() {}

  /**
   * Connects to an endpoint.
   *
   * <p>The future completes on the channel's event loop once the channel is active. Cancelling it
   * gives the attempt up and closes a channel that came too late.
   *
   * @param connectTimeout how long the attempt may take, more than zero
   * @param initializer added to the new channel's pipeline before the first byte is read
   * @return the open channel, or a {@link ConnectFailedException}
   */
  public static CompletableFuture<Channel> connect(
      Endpoint endpoint, Duration connectTimeout, ChannelHandler initializer) {
    if (connectTimeout.isNegative() || connectTimeout.isZero()) {
      throw new IllegalArgumentException("Not a timeout: " + connectTimeout);
    }
    Bootstrap bootstrap =
        new Bootstrap()
            .group(LOOPS)
            .disableResolver()
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                Math.clamp(connectTimeout.toMillis(), 1, Integer.MAX_VALUE))
            .handler(initializer);
    SocketAddress address =
        switch (endpoint) {
          case Endpoint.Unix unix -> {
            bootstrap.channel(NioDomainSocketChannel.class);
            yield UnixDomainSocketAddress.of(unix.path());
          }
          case Endpoint.Tcp tcp -> {
            bootstrap.channel(NioSocketChannel.class).option(ChannelOption.TCP_NODELAY, true);
            yield new InetSocketAddress(tcp.host(), tcp.port());
          }
        };
    CompletableFuture<Channel> connected = new CompletableFuture<>();
    ChannelFuture attempt = bootstrap.connect(address);
    var unused =
        attempt.addListener(done -> {
          if (!done.isSuccess()) {
            connected.completeExceptionally(
                new ConnectFailedException(
                    endpoint, Reason.OTHER, String.valueOf(done.cause()), done.cause()));
          } else if (!connected.complete(attempt.channel())) {
            var unusedToo = attempt.channel().close();
          }
        });
    return connected;
  }
}
