package dev.stillpoint.qmp.transport;

import dev.stillpoint.qmp.endpoint.ConnectFailedException;
import dev.stillpoint.qmp.endpoint.ConnectFailedException.Reason;
import dev.stillpoint.qmp.endpoint.Endpoint;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.newsclub.net.unix.ConnectionRefusedSocketException;

/**
 * One attempt to connect to a unix socket; lives on its event loop.
 *
 * <p>The socket is connected first and made a channel then; while the listener's queue is full it
 * is tried again.
 */
final class UnixConnector {

  /** {@code sun_path} holds 108 bytes, the last of them zero. */
  static final int MAX_PATH_BYTES = 107;

  static final Duration QUEUE_FULL_RETRY = Duration.ofMillis(20);

  private static final int FILE_TYPE_MASK = 0xF000;
  private static final int FILE_TYPE_SOCKET = 0xC000;

  private final Endpoint.Unix endpoint;
  private final EventLoop loop;
  private final Duration timeout;
  private final long deadline;
  private final ChannelHandler initializer;
  private final CompletableFuture<Channel> connected;

  UnixConnector(
      Endpoint.Unix endpoint,
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
    int length = endpoint.path().toString().getBytes(Charset.defaultCharset()).length;
    if (length > MAX_PATH_BYTES) {
      fail(
          Reason.PATH_TOO_LONG,
          "the path has %d bytes, a unix socket's address holds %d"
              .formatted(length, MAX_PATH_BYTES),
          null);
    } else {
      loop.execute(this::attempt);
    }
  }

  private void attempt() {
    if (connected.isDone()) {
      return; // given up
    }
    try {
      Optional<UnixSocket> socket = UnixSocket.connect(endpoint.path());
      socket.map(UnixChannel::new).ifPresentOrElse(this::register, this::retryLater);
    } catch (IOException e) {
      explain(e);
    } catch (RuntimeException | LinkageError e) {
      fail(Reason.OTHER, String.valueOf(e), e);
    }
  }

  private void register(UnixChannel channel) {
    channel.pipeline().addLast(new WriteLimit(), initializer);
    var unused =
        loop.register(channel)
            .addListener(done -> {
              if (!done.isSuccess()) {
                fail(Reason.OTHER, String.valueOf(done.cause()), done.cause());
              } else if (!connected.complete(channel)) {
                var unusedToo = channel.close();
              }
            });
  }

  private void retryLater() {
    if (System.nanoTime() - deadline >= 0) {
      fail(
          Reason.QUEUE_FULL,
          "the listener's queue was full for %d ms: others are being served"
              .formatted(timeout.toMillis()),
          null);
    } else {
      var unused = loop.schedule(this::attempt, QUEUE_FULL_RETRY.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /**
   * Asks the file system what an error meant: the errors themselves carry a text in the user's
   * language only.
   */
  private void explain(IOException cause) {
    Path path = endpoint.path();
    if (Files.notExists(path)) {
      fail(Reason.NO_SUCH_FILE, "no such file", cause);
    } else if (!Files.isWritable(path)) {
      fail(Reason.NOT_PERMITTED, "permission denied", cause);
    } else if (!isSocket(path)) {
      fail(Reason.NOT_A_SOCKET, "the file is not a socket", cause);
    } else if (cause instanceof ConnectionRefusedSocketException) {
      fail(Reason.REFUSED, "nobody listens on this socket", cause);
    } else {
      fail(Reason.OTHER, String.valueOf(cause), cause);
    }
  }

  private static boolean isSocket(Path path) {
    try {
      return (((Integer) Files.getAttribute(path, "unix:mode")) & FILE_TYPE_MASK)
          == FILE_TYPE_SOCKET;
    } catch (IOException | UnsupportedOperationException e) {
      return true; // it cannot be told
    }
  }

  private void fail(Reason reason, String detail, @Nullable Throwable cause) {
    connected.completeExceptionally(new ConnectFailedException(endpoint, reason, detail, cause));
  }
}
