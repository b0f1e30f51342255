package dev.stillpoint.qga;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.wire.CallbackThreads;
import dev.stillpoint.qmp.wire.Json;
import dev.stillpoint.qmp.wire.Pending;
import dev.stillpoint.qmp.wirelog.WireLog;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.TooLongFrameException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection to an agent, confined to its event loop. The agent's stream has no beginning: what
 * an earlier client left in it may come first, and a command whose reply did not come in time may
 * still be answered. So nothing is sent before a {@code guest-sync-delimited} with a fresh id was
 * answered on this connection, and after every timeout the same is done again, without ever closing
 * the connection, because a stranger who waits would take our place.
 */
final class QgaSession extends SimpleChannelInboundHandler<ByteBuf> {
  /** How many commands wait behind the one in flight. */
  static final int MAX_WAITING = 64;

  /** Ends whatever the agent's parser holds, and begins the reply to a delimited sync. */
  private static final byte SENTINEL = (byte) 0xFF;

  private static final Logger log = LoggerFactory.getLogger(QgaSession.class);

  private final Executor callbacks;
  private final LongSupplier syncIds;
  private final ArrayDeque<Pending<?>> waiting = new ArrayDeque<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private @Nullable ChannelHandlerContext context;
  private @Nullable Pending<?> inFlight;
  private boolean synced;
  private boolean everSynced;
  private boolean syncAsked;
  private long syncId;
  private @Nullable ChannelFuture lastWrite;
  private long strayLines;
  private boolean over;
  private String ending = "the connection to the agent was closed";

  private final WireLog.@Nullable Connection wireLog;

  QgaSession(Executor callbacks, LongSupplier syncIds) {
    this(callbacks, syncIds, null);
  }

  QgaSession(Executor callbacks, LongSupplier syncIds, @Nullable WireLog log) {
    this.callbacks = callbacks;
    this.syncIds = syncIds;
    this.wireLog = log == null ? null : log.connection("qga");
  }

  CompletableFuture<Void> closed() {
    return closed;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  /** Takes a command from its caller; runs on the event loop. */
  void submit(Pending<?> pending) {
    ChannelHandlerContext ctx = context;
    if (ctx == null || over) {
      pending.giveUp(ending);
    } else if (waiting.size() >= MAX_WAITING) {
      pending.giveUp("more than " + MAX_WAITING + " commands wait already");
    } else {
      pending.startDeadline(
          ctx.executor()
              .schedule(() -> expire(pending), pending.timeout().toNanos(), TimeUnit.NANOSECONDS));
      waiting.add(pending);
      if (lastWrite == null || lastWrite.isDone()) {
        // The agent may have been restarted since, so an unanswered sync is no reason to wait. But
        // while a dead one takes no bytes, asking again would only pile them up.
        syncAsked = false;
      }
      pump(ctx);
    }
  }

  /**
   * The next command will be preceded by a synchronisation. A command that is in flight is given
   * up: what comes behind it may be owed to a guest that waits for nothing else.
   */
  void doubt() {
    Pending<?> unanswered = inFlight;
    inFlight = null;
    synced = false;
    syncAsked = false;
    if (unanswered != null) {
      unanswered.giveUp("given up for a synchronisation");
    }
  }

  private void expire(Pending<?> pending) {
    waiting.remove(pending);
    if (pending == inFlight) {
      inFlight = null;
      synced = false;
      syncAsked = false;
    }
    pending.giveUp("no reply within " + pending.timeout().toMillis() + " ms");
    ChannelHandlerContext ctx = context;
    if (ctx != null) {
      pump(ctx);
    }
  }

  private void pump(ChannelHandlerContext ctx) {
    if (over || inFlight != null || waiting.isEmpty()) {
      return;
    }
    if (synced) {
      Pending<?> next = waiting.remove();
      inFlight = next;
      next.markSent();
      write(ctx, Unpooled.wrappedBuffer(next.line()));
    } else if (!syncAsked) {
      syncAsked = true;
      syncId = syncIds.getAsLong();
      write(ctx, syncRequest(syncId));
    }
  }

  private static ByteBuf syncRequest(long id) {
    String line = "{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":" + id + "}}\n";
    return Unpooled.wrappedBuffer(new byte[] {SENTINEL}, line.getBytes(StandardCharsets.US_ASCII));
  }

  private void write(ChannelHandlerContext ctx, ByteBuf bytes) {
    if (wireLog != null) {
      wireLog.sent(ByteBufUtil.getBytes(bytes), false);
    }
    lastWrite = ctx.writeAndFlush(bytes);
    lastWrite.addListener(done -> {
      if (!done.isSuccess()) {
        // Ends nothing by itself: what the agent said before it went may still be read, and when
        // the connection is lost, that is told too.
        ending = "writing to the agent failed: " + done.cause().getMessage();
      }
    });
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, ByteBuf line) {
    if (wireLog != null) {
      wireLog.received(ByteBufUtil.getBytes(line));
    }
    int sentinel = lastSentinel(line);
    if (sentinel >= 0) {
      line.readerIndex(sentinel + 1);
    }
    JsonNode message;
    try {
      message = Json.parse(line);
    } catch (IOException e) {
      stray("not JSON");
      return;
    }
    if (sentinel >= 0 && isSyncReply(message)) {
      synced = true;
      everSynced = true;
      pump(ctx);
    } else if (!everSynced && message.has("QMP")) {
      end(ctx, "this is a QMP monitor and no guest agent");
    } else if (synced && (sentinel < 0 || isDelimitedByOrder())) {
      answered(ctx, message);
    } else {
      stray("before the synchronisation");
    }
  }

  private static int lastSentinel(ByteBuf line) {
    for (int i = line.writerIndex() - 1; i >= line.readerIndex(); i--) {
      if (line.getByte(i) == SENTINEL) {
        return i;
      }
    }
    return -1;
  }

  private boolean isSyncReply(JsonNode message) {
    JsonNode value = message.path("return");
    return !synced && syncAsked && isNumber(value, syncId);
  }

  /** A number beyond 64 bits is nobody's: its low bits must not be taken for it. */
  private static boolean isNumber(JsonNode value, long wanted) {
    return value.isIntegralNumber() && value.canConvertToLong() && value.asLong() == wanted;
  }

  /** Whoever sends {@code guest-sync-delimited} by hand gets the reply that it asks for. */
  private boolean isDelimitedByOrder() {
    return inFlight != null && inFlight.name().equals("guest-sync-delimited");
  }

  private void answered(ChannelHandlerContext ctx, JsonNode message) {
    Pending<?> pending = inFlight;
    JsonNode id = message.path("id");
    if (pending == null || !isNumber(id, pending.id())) {
      stray("an answer to nobody");
      return;
    }
    inFlight = null;
    if (message.has("error")) {
      pending.refuse(message.path("error"));
    } else {
      pending.succeed(message.path("return"));
    }
    pump(ctx);
  }

  private void stray(String what) {
    strayLines++;
    log.debug("dropped a line from the agent ({}); {} so far", what, strayLines);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    end(ctx, ending);
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof TooLongFrameException) {
      // A guest's garbage is dropped like every other; ending the connection would lose our place.
      stray("too long");
    } else {
      end(ctx, "the connection to the agent failed: " + cause.getMessage());
    }
  }

  private void end(ChannelHandlerContext ctx, String why) {
    if (over) {
      return;
    }
    over = true;
    ending = why;
    var everybody = new ArrayList<>(waiting);
    waiting.clear();
    Pending<?> last = inFlight;
    if (last != null) {
      everybody.add(0, last);
      inFlight = null;
    }
    everybody.forEach(pending -> pending.giveUp(why));
    var unused = ctx.close();
    CallbackThreads.run(callbacks, () -> closed.complete(null));
  }

  void close() {
    ChannelHandlerContext ctx = context;
    if (ctx != null) {
      ctx.executor().execute(() -> end(ctx, "the client was closed"));
    }
  }
}
