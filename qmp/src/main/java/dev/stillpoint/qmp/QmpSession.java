package dev.stillpoint.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.error.ProtocolException;
import dev.stillpoint.qmp.qapi.QMPCapability;
import dev.stillpoint.qmp.qapi.QmpCapabilities;
import dev.stillpoint.qmp.transport.PassedDescriptor;
import dev.stillpoint.qmp.wire.CallbackThreads;
import dev.stillpoint.qmp.wire.Json;
import dev.stillpoint.qmp.wire.Pending;
import dev.stillpoint.qmp.wirelog.WireLog;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.TooLongFrameException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection to a monitor, confined to its event loop: what comes in belongs to whom. */
final class QmpSession extends SimpleChannelInboundHandler<ByteBuf> {
  /** QEMU reads no further when it has this many commands in its queue. */
  static final int MAX_IN_FLIGHT = 8;

  /** A full queue stops QEMU's reading, and then nothing comes through out of band either. */
  static final int MAX_IN_FLIGHT_BESIDE_OUT_OF_BAND = MAX_IN_FLIGHT - 1;

  /** How many commands may be on their way out of band. */
  static final int MAX_OUT_OF_BAND = 8;

  /** How many commands wait behind those. */
  static final int MAX_WAITING = 1024;

  /** How much of the monitor's own text is logged. */
  private static final int MAX_LOGGED = 200;

  private static final Logger log = LoggerFactory.getLogger(QmpSession.class);
  private static final long NEGOTIATION_ID = 0;

  private final QmpOptions options;
  private final Map<Long, Pending<?>> inFlight = new LinkedHashMap<>();
  private final ArrayDeque<Pending<?>> waiting = new ArrayDeque<>();
  private final List<QmpSubscription> subscriptions = new CopyOnWriteArrayList<>();
  private final CompletableFuture<QmpGreeting> ready = new CompletableFuture<>();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private @Nullable ChannelHandlerContext context;
  private @Nullable QmpGreeting greeting;
  private volatile boolean greetedTwice;
  private boolean negotiated;
  private boolean outOfBand;
  private volatile boolean over;
  private long strayMessages;
  private volatile String ending = "the connection was closed by the monitor";
  private final LongAdder lateReplies = new LongAdder();

  private final WireLog.@Nullable Connection wireLog;

  QmpSession(QmpOptions options) {
    this.options = options;
    WireLog log = options.wireLog();
    this.wireLog = log == null ? null : log.connection("qmp");
  }

  /**
   * Whether QEMU greeted again on the same connection. It does where a client connects while it
   * sets the monitor up: it is back before the negotiation then, and a command that it read in
   * between is never answered.
   */
  boolean greetedTwice() {
    return greetedTwice;
  }

  /** Completes when the negotiation is over; exceptionally when this is no monitor for us. */
  CompletableFuture<QmpGreeting> ready() {
    return ready;
  }

  /** Known before any command is told that it gets no reply. */
  boolean isOver() {
    return over;
  }

  CompletableFuture<Void> closed() {
    return closed;
  }

  /** Why it is over; what it would be said to be now, while it is not. */
  String ending() {
    return ending;
  }

  long lateReplies() {
    return lateReplies.sum();
  }

  void subscribe(QmpSubscription subscription) {
    subscriptions.add(subscription);
    if (closed.isDone()) {
      subscription.end();
    }
  }

  void unsubscribe(QmpSubscription subscription) {
    subscriptions.remove(subscription);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
    if (ctx.channel().isActive()) {
      awaitGreeting(ctx);
    }
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    awaitGreeting(ctx);
    ctx.fireChannelActive();
  }

  private void awaitGreeting(ChannelHandlerContext ctx) {
    if (greeting != null) {
      return;
    }
    Duration patience = options.connectTimeout();
    var unused =
        ctx.executor()
            .schedule(
                () -> {
                  if (!negotiated) {
                    end(
                        ctx,
                        greeting == null
                            ? "no greeting came: this is no QMP monitor, or another client holds it"
                            : "the monitor did not end the negotiation");
                  }
                },
                patience.toNanos(),
                TimeUnit.NANOSECONDS);
  }

  /** Takes a command from its caller; runs on the event loop. */
  void submit(Pending<?> pending) {
    ChannelHandlerContext ctx = context;
    if (ctx == null || over) {
      pending.giveUp(ending);
    } else if (pending.way() instanceof Pending.Way.OutOfBand) {
      submitOutOfBand(ctx, pending);
    } else if (waiting.size() >= MAX_WAITING) {
      pending.giveUp("more than " + MAX_WAITING + " commands wait already");
    } else {
      startDeadline(ctx, pending);
      waiting.add(pending);
      pump(ctx);
    }
  }

  private void submitOutOfBand(ChannelHandlerContext ctx, Pending<?> pending) {
    if (!negotiated || !outOfBand) {
      pending.giveUp("out-of-band execution was not enabled, or the monitor does not offer it");
    } else if (inFlight(Pending.Way.OutOfBand.class) >= MAX_OUT_OF_BAND) {
      pending.giveUp(MAX_OUT_OF_BAND + " commands are on their way out of band already");
    } else {
      startDeadline(ctx, pending);
      send(ctx, pending);
    }
  }

  private long inFlight(Class<? extends Pending.Way> way) {
    return inFlight.values().stream().filter(pending -> way.isInstance(pending.way())).count();
  }

  /** Its caller does not want it any more; a reply that still comes is a late one. */
  void cancel(Pending<?> pending) {
    waiting.remove(pending);
    pending.giveUp("it was cancelled");
  }

  private void startDeadline(ChannelHandlerContext ctx, Pending<?> pending) {
    pending.startDeadline(
        ctx.executor()
            .schedule(
                () -> {
                  waiting.remove(pending);
                  pending.giveUp("no reply within " + pending.timeout().toMillis() + " ms");
                },
                pending.timeout().toNanos(),
                TimeUnit.NANOSECONDS));
  }

  private void pump(ChannelHandlerContext ctx) {
    while (negotiated && hasRoomFor(waiting.peek())) {
      send(ctx, waiting.remove());
    }
  }

  private boolean hasRoomFor(@Nullable Pending<?> next) {
    if (next == null) {
      return false;
    }
    int window = outOfBand ? MAX_IN_FLIGHT_BESIDE_OUT_OF_BAND : MAX_IN_FLIGHT;
    if (inFlight.size() - inFlight(Pending.Way.OutOfBand.class) >= window) {
      return false;
    }
    // QEMU keeps the open file that came last: a second one would take the place of the first.
    return !(next.way() instanceof Pending.Way.WithDescriptor)
        || inFlight(Pending.Way.WithDescriptor.class) == 0;
  }

  private void send(ChannelHandlerContext ctx, Pending<?> pending) {
    inFlight.put(pending.id(), pending);
    pending.markSent();
    if (wireLog != null) {
      wireLog.sent(pending.line(), pending.way() instanceof Pending.Way.WithDescriptor);
    }
    ByteBuf line = Unpooled.wrappedBuffer(pending.line());
    Object message =
        pending.way() instanceof Pending.Way.WithDescriptor with
            ? new PassedDescriptor(line, with.descriptor())
            : line;
    ctx.writeAndFlush(message)
        .addListener(done -> {
          if (!done.isSuccess()) {
            notWritten(ctx, pending, done.cause());
          }
        });
  }

  /** Ends nothing else: what the other side said before it went may still be read. */
  private void notWritten(ChannelHandlerContext ctx, Pending<?> pending, Throwable cause) {
    ending = "writing failed: " + cause.getMessage();
    inFlight.remove(pending.id());
    pending.giveUp(ending);
    pump(ctx);
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, ByteBuf line) {
    if (wireLog != null) {
      wireLog.received(ByteBufUtil.getBytes(line));
    }
    JsonNode message;
    try {
      message = Json.parse(line.duplicate());
    } catch (IOException e) {
      end(ctx, notJson(line));
      return;
    }
    if (message.has("event")) {
      QmpEvent event = QmpEvent.of(message);
      // No lambda: the first event there is may be that of a pause, with a guest that is frozen.
      for (QmpSubscription subscription : subscriptions) {
        subscription.offer(event);
      }
    } else if (message.has("QMP")) {
      greeted(ctx, message.path("QMP"));
    } else if (message.has("return") || message.has("error")) {
      answered(ctx, message);
    } else if (!message.isMissingNode()) {
      end(ctx, "the other side does not speak QMP");
    }
  }

  private String notJson(ByteBuf line) {
    if (greeting != null) {
      return "the monitor sent a line that is not JSON";
    }
    return line.toString(StandardCharsets.UTF_8).strip().equals("{")
        ? "the monitor has pretty=on, which is not supported: it spreads a message over many lines"
        : "the other side does not speak QMP";
  }

  private void greeted(ChannelHandlerContext ctx, JsonNode content) {
    if (greeting != null && QmpGreeting.isOne(content)) {
      greetedTwice = true;
      end(ctx, "the monitor greeted twice, and with that has forgotten what was negotiated");
      return;
    }
    if (greeting != null) {
      stray("a greeting that is none");
      return;
    }
    if (!QmpGreeting.isOne(content)) {
      end(ctx, "the other side does not speak QMP: its greeting tells no version");
      return;
    }
    QmpGreeting heard = QmpGreeting.of(content);
    greeting = heard;
    outOfBand = options.outOfBand() && heard.capabilities().contains(QMPCapability.OOB.value());
    var capabilities =
        new Pending<>(
            outOfBand
                ? QmpCapabilities.of().withEnable(List.of(QMPCapability.OOB))
                : QmpCapabilities.of(),
            NEGOTIATION_ID,
            options.connectTimeout(),
            options.callbacks());
    startDeadline(ctx, capabilities);
    send(ctx, capabilities);
  }

  private void answered(ChannelHandlerContext ctx, JsonNode message) {
    JsonNode id = message.path("id");
    boolean ours = id.isIntegralNumber() && id.canConvertToLong();
    Pending<?> pending = ours ? inFlight.remove(id.asLong()) : null;
    if (pending == null) {
      stray("an answer to nobody: " + message.path("error").path("desc").asText());
      return;
    }
    if (pending.id() == NEGOTIATION_ID) {
      negotiatedWith(ctx, message);
    }
    if (pending.isOver()) {
      lateReplies.increment();
    } else if (message.has("error")) {
      pending.refuse(message.path("error"));
    } else {
      pending.succeed(message.path("return"));
    }
    pump(ctx);
  }

  /** Said once, so that a monitor that has gone mad fills no disk. */
  private void stray(String what) {
    if (strayMessages++ == 0) {
      log.warn("the monitor said what nobody waits for: {}", abbreviated(what));
    } else {
      log.debug("message {} from the monitor that nobody waits for", strayMessages);
    }
  }

  private static String abbreviated(String text) {
    return text.length() <= MAX_LOGGED ? text : text.substring(0, MAX_LOGGED) + "...";
  }

  private void negotiatedWith(ChannelHandlerContext ctx, JsonNode message) {
    QmpGreeting known = greeting;
    if (message.has("error") || known == null) {
      end(ctx, "the monitor refused qmp_capabilities: " + message.path("error").path("desc"));
      return;
    }
    negotiated = true;
    CallbackThreads.run(options.callbacks(), () -> ready.complete(known));
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    end(ctx, ending);
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    end(
        ctx,
        cause instanceof TooLongFrameException
            ? "a line was longer than " + Json.MAX_LINE + " bytes"
            : "the connection failed: " + cause.getMessage());
  }

  /** Ends everything at once, with the first reason. */
  void end(ChannelHandlerContext ctx, String why) {
    if (over) {
      return;
    }
    ending = why;
    over = true;
    var everybody = new ArrayList<Pending<?>>(inFlight.values());
    everybody.addAll(waiting);
    inFlight.clear();
    waiting.clear();
    everybody.forEach(pending -> pending.giveUp(why));
    var unused = ctx.close();
    CallbackThreads.run(
        options.callbacks(),
        () -> {
          ready.completeExceptionally(new ProtocolException(why));
          closed.complete(null);
          // After closed: whoever subscribes from now on sees that and ends at once.
          subscriptions.forEach(QmpSubscription::end);
        });
  }

  void close() {
    ChannelHandlerContext ctx = context;
    if (ctx != null) {
      ctx.executor().execute(() -> end(ctx, "the client was closed"));
    }
  }
}
