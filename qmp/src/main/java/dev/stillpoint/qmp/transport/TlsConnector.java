package dev.stillpoint.qmp.transport;

import dev.stillpoint.qmp.endpoint.ConnectFailedException;
import dev.stillpoint.qmp.endpoint.ConnectFailedException.Reason;
import dev.stillpoint.qmp.endpoint.Endpoint;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to connect to a TLS endpoint: TCP, then the handshake with the JDK's own TLS, in the
 * time of one connect.
 */
final class TlsConnector {
  private final Endpoint.Tls endpoint;
  private final EventLoop loop;
  private final Duration timeout;
  private final long deadline;
  private final ChannelHandler initializer;
  private final CompletableFuture<Channel> connected;

  TlsConnector(
      Endpoint.Tls endpoint,
      EventLoop loop,
      Duration timeout,
      ChannelHandler initializer,
      CompletableFuture<Channel> connected) {
    this.endpoint = endpoint;
    this.loop = loop;
    this.timeout = timeout;
    this.deadline = System.nanoTime() + timeout.toNanos();
    this.initializer = initializer;
    this.connected = connected;
  }

  void start() {
    try {
      TcpConnector.LOOKUPS.execute(this::connect);
    } catch (RejectedExecutionException e) {
      fail(Reason.OTHER, "too many connects are under way", e);
    }
  }

  private void connect() {
    try {
      SslContext credentials = credentials();
      var tcp = new CompletableFuture<Channel>();
      var unused =
          tcp.whenComplete((channel, failure) -> {
            if (failure != null) {
              connected.completeExceptionally(failure);
            }
          });
      var unusedToo = connected.whenComplete((channel, failure) -> giveUp(tcp, failure));
      new TcpConnector(
              new TcpConnector.Address(endpoint, endpoint.host(), endpoint.port()),
              loop,
              timeout,
              new Greeting(credentials),
              tcp)
          .start(InetAddress::getAllByName);
    } catch (IOException | RuntimeException | LinkageError e) {
      fail(Reason.TLS_FAILED, reasonOf(e), e);
    }
  }

  private static void giveUp(CompletableFuture<Channel> tcp, @Nullable Throwable failure) {
    if (failure != null && !tcp.cancel(false) && !tcp.isCompletedExceptionally()) {
      var unused = tcp.join().close();
    }
  }

  private SslContext credentials() throws IOException {
    // The JDK checks the name in the certificate against the host, as for a web page.
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .sslProvider(SslProvider.JDK)
            .endpointIdentificationAlgorithm("HTTPS");
    if (endpoint.ca().isPresent()) {
      builder.trustManager(readable(endpoint.ca().get()).toFile());
    }
    if (endpoint.certificate().isPresent()) {
      Path certificate = readable(endpoint.certificate().get());
      Path key = readable(endpoint.key().orElse(certificate));
      try {
        builder.keyManager(certificate.toFile(), key.toFile());
      } catch (IllegalArgumentException e) {
        throw new IOException(
            "cannot use " + certificate + " with the key in " + key + ": " + reasonOf(e), e);
      }
    }
    return builder.build();
  }

  private static Path readable(Path file) throws IOException {
    if (!Files.isReadable(file)) {
      throw new IOException(
          Files.exists(file) ? "cannot read " + file : "there is no file " + file);
    }
    return file;
  }

  /** The innermost reason: the outer ones only say that TLS has failed. */
  private static String reasonOf(Throwable thrown) {
    Throwable inner = thrown;
    while (inner.getCause() != null) {
      inner = inner.getCause();
    }
    String message = inner.getMessage();
    return message == null ? inner.getClass().getSimpleName() : message;
  }

  /** Puts TLS under the caller's handler, which is let in when the handshake is over. */
  private final class Greeting extends ChannelInitializer<Channel> {
    private final SslContext credentials;

    Greeting(SslContext credentials) {
      this.credentials = credentials;
    }

    @Override
    protected void initChannel(Channel channel) {
      SslHandler tls =
          credentials.newHandler(
              ByteBufAllocator.DEFAULT, endpoint.host(), endpoint.port(), TcpConnector.LOOKUPS);
      tls.setHandshakeTimeoutMillis(
          Math.max(1, Duration.ofNanos(deadline - System.nanoTime()).toMillis()));
      // Every write is a record of its own, on which TlsLines depends.
      tls.setWrapDataSize(0);
      channel.pipeline().addLast(tls, new TlsLines(), new Handshake());
    }
  }

  /**
   * Waits for the handshake, and then for the first word: with TLS 1.3 the server looks at our
   * certificate after our handshake is over.
   */
  private final class Handshake extends ChannelInboundHandlerAdapter {
    private boolean shaken;

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
      if (event instanceof SslHandshakeCompletionEvent completion) {
        if (completion.isSuccess()) {
          succeeded(context);
        } else {
          failed(context, completion.cause());
        }
      } else {
        context.fireUserEventTriggered(event);
      }
    }

    private void succeeded(ChannelHandlerContext context) {
      shaken = true;
      context.pipeline().addLast(initializer);
      if (connected.complete(context.channel())) {
        context.fireChannelActive();
      } else {
        var unused = context.close();
      }
    }

    private void failed(ChannelHandlerContext context, Throwable cause) {
      if (cause instanceof SslHandshakeTimeoutException) {
        fail(
            Reason.TIMED_OUT,
            "no end of the TLS handshake within %d ms: it may not be TLS that is spoken there"
                .formatted(timeout.toMillis()),
            cause);
      } else {
        fail(Reason.TLS_FAILED, "the TLS handshake failed: " + reasonOf(cause), cause);
      }
      var unused = context.close();
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
      // The caller's handler is not there yet; it is told when it is.
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      context.fireChannelRead(message);
      context.pipeline().remove(this);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      if (shaken) {
        context.fireExceptionCaught(silent(reasonOf(cause), cause));
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      if (shaken) {
        context.fireExceptionCaught(silent("it was closed", null));
        context.fireChannelInactive();
      } else {
        fail(Reason.TLS_FAILED, "the connection was closed before the TLS handshake ended", null);
      }
    }

    private SSLException silent(String why, @Nullable Throwable cause) {
      String likely =
          endpoint.certificate().isPresent()
              ? "it may not accept our certificate"
              : "it may demand a certificate of ours (cert=FILE,key=FILE)";
      return new SSLException(
          "the server ended it after the TLS handshake, before its first word: "
              + likely
              + "; "
              + why,
          cause);
    }
  }

  private void fail(Reason reason, String detail, @Nullable Throwable cause) {
    connected.completeExceptionally(new ConnectFailedException(endpoint, reason, detail, cause));
  }
}
