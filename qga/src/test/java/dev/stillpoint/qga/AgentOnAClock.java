package dev.stillpoint.qga;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.stillpoint.qga.command.QgaCommand;
import dev.stillpoint.qga.qapi.GuestPing;
import dev.stillpoint.qmp.command.Timed;
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

/**
 * A session on a channel without a socket, whose clock stands until a test moves it. Sync ids count
 * from 101, command ids from 1. Text is bytes: one character is one byte.
 */
final class AgentOnAClock {
  static final int FIRST_SYNC = 101;

  final EmbeddedChannel channel = new EmbeddedChannel();
  final QgaSession session;
  private long syncIds = FIRST_SYNC;
  private long ids;
  private boolean blocked;
  private boolean broken;

  AgentOnAClock() {
    this(Json.MAX_LINE);
  }

  AgentOnAClock(int longestLine) {
    session = new QgaSession(Runnable::run, () -> syncIds++);
    channel.freezeTime();
    channel.pipeline().addLast(new BlockedWrites(), Lines.decoder(longestLine), session);
  }

  static AgentOnAClock synchronised() {
    var agent = new AgentOnAClock();
    agent.session.submit(new Pending<>(new GuestPing(), 0, Duration.ofHours(1), Runnable::run));
    agent.receive(syncReply(FIRST_SYNC) + "{\"return\": {}, \"id\": 0}\n");
    agent.written();
    return agent;
  }

  <R> CompletableFuture<Timed<R>> ask(QgaCommand<R> command, Duration timeout) {
    var pending = new Pending<>(command, ++ids, timeout, Runnable::run);
    session.submit(pending);
    return pending.reply();
  }

  /** From now on the other side takes no bytes. */
  void block() {
    blocked = true;
  }

  /** From now on writes fail; what the other side said may still be read. */
  void failWrites() {
    broken = true;
  }

  void receive(String bytes) {
    channel.writeInbound(Unpooled.wrappedBuffer(bytes.getBytes(ISO_8859_1)));
  }

  void pass(Duration time) {
    channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
    channel.runScheduledPendingTasks();
  }

  /** What was written since the last call. */
  String written() {
    var text = new StringBuilder();
    for (ByteBuf bytes = channel.readOutbound(); bytes != null; bytes = channel.readOutbound()) {
      text.append(bytes.toString(ISO_8859_1));
      bytes.release();
    }
    return text.toString();
  }

  static String syncRequest(long id) {
    return "\u00ff{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":" + id + "}}\n";
  }

  static String syncReply(long id) {
    return "\u00ff{\"return\": " + id + "}\n";
  }

  static String request(String command, long id) {
    return "{\"execute\":\"" + command + "\",\"id\":" + id + "}\n";
  }

  static String reply(String value, long id) {
    return "{\"return\": " + value + ", \"id\": " + id + "}\n";
  }

  /** Lets the bytes be seen by the test, and keeps their promises. */
  private final class BlockedWrites extends ChannelOutboundHandlerAdapter {
    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
      if (broken) {
        ReferenceCountUtil.release(message);
        promise.setFailure(new IOException("broken pipe"));
        return;
      }
      var unused = ctx.write(message, blocked ? ctx.newPromise() : promise);
    }
  }
}
