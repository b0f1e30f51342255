package dev.stillpoint.qmp;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.qmp.qapi.StatusInfo;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.wire.Json;
import dev.stillpoint.qmp.wire.Lines;
import dev.stillpoint.qmp.wire.Pending;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A session on a channel without a socket, whose clock stands until a test moves it. */
final class SessionOnAClock {
  static final String GREETING = FakeQmpServer.GREETING.replace('\'', '"') + "\r\n";
  static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);

  final QmpSession session;
  final EmbeddedChannel channel = new EmbeddedChannel();
  private long ids;

  SessionOnAClock() {
    this(new QmpOptions(CONNECT_TIMEOUT, QmpOptions.DEFAULT_TIMEOUT, Runnable::run));
  }

  SessionOnAClock(QmpOptions options) {
    this(options, Json.MAX_LINE);
  }

  SessionOnAClock(QmpOptions options, int longestLine) {
    session = new QmpSession(options);
    channel.freezeTime();
    channel.pipeline().addLast(Lines.decoder(longestLine), session);
  }

  static SessionOnAClock negotiated() {
    var opened = new SessionOnAClock();
    opened.receive(GREETING);
    opened.receive("{\"return\": {}, \"id\": 0}\n");
    opened.written();
    return opened;
  }

  CompletableFuture<Timed<StatusInfo>> ask(Duration timeout) {
    var pending = new Pending<>(new QueryStatus(), ++ids, timeout, Runnable::run);
    session.submit(pending);
    return pending.reply();
  }

  /** From now on the other side takes nothing more; what it said may still be read. */
  void failWrites() {
    channel
        .pipeline()
        .addFirst(
            new ChannelOutboundHandlerAdapter() {
              @Override
              public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
                ReferenceCountUtil.release(message);
                promise.setFailure(new IOException("broken pipe"));
              }
            });
  }

  void receive(String text) {
    receive(text.getBytes(UTF_8));
  }

  void receive(byte[] bytes) {
    channel.writeInbound(Unpooled.wrappedBuffer(bytes));
  }

  void pass(Duration time) {
    channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
    channel.runScheduledPendingTasks();
  }

  /** What was written since the last call. */
  String written() {
    var text = new StringBuilder();
    for (ByteBuf bytes = channel.readOutbound(); bytes != null; bytes = channel.readOutbound()) {
      text.append(bytes.toString(UTF_8));
      bytes.release();
    }
    return text.toString();
  }

  static String running(long id) {
    return "{\"return\": {\"status\": \"running\", \"running\": true}, \"id\": " + id + "}\r\n";
  }
}
