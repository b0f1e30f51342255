package dev.stillpoint.qmp.wire;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.command.Command;
import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.error.CommandException;
import io.netty.util.concurrent.ScheduledFuture;
import java.io.FileDescriptor;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A command on its way, from the caller to its reply. Used on the event loop, but for {@link
 * #reply}, which completes on the caller's executor so that nobody's code runs on the event loop.
 */
public final class Pending<R> {
  /** The longest that anybody waits; what is longer is taken for this. */
  static final Duration LONGEST = Duration.ofDays(365);

  private final Command<R> command;
  private final byte[] line;
  private final long id;
  private final Duration timeout;
  private final Executor callbacks;
  private final Way way;
  private final CompletableFuture<Timed<R>> reply = new CompletableFuture<>();
  private @Nullable ScheduledFuture<?> deadline;
  private long sentNanos;
  private boolean sent;
  private boolean over;

  /** How a command is to be sent. */
  public sealed interface Way {
    /** In its turn. */
    record InTurn() implements Way {}

    /** In its turn, with an open file. */
    record WithDescriptor(FileDescriptor descriptor) implements Way {}

    /** At once, and done before what waits ({@code exec-oob}). */
    record OutOfBand() implements Way {}
  }

  /** A command that is encoded already, on the caller's thread, and sent in its turn. */
  public Pending(Command<R> command, long id, Duration timeout, Executor callbacks) {
    this(command, id, timeout, callbacks, new Way.InTurn());
  }

  /** A command that is encoded already, on the caller's thread. */
  public Pending(Command<R> command, long id, Duration timeout, Executor callbacks, Way way) {
    this.command = command;
    this.id = id;
    this.timeout = timeout.compareTo(LONGEST) > 0 ? LONGEST : timeout;
    this.callbacks = callbacks;
    this.way = way;
    this.line =
        Json.line(
            way instanceof Way.OutOfBand ? "exec-oob" : "execute", command.command(), command, id);
  }

  /** How it is to be sent. */
  public Way way() {
    return way;
  }

  /** The command's name. */
  public String name() {
    return command.command();
  }

  /** The id on the wire. */
  public long id() {
    return id;
  }

  /** The request as one line. */
  public byte[] line() {
    return line;
  }

  /** How long the caller waits, from the moment of asking. */
  public Duration timeout() {
    return timeout;
  }

  /** The caller's side. */
  public CompletableFuture<Timed<R>> reply() {
    return reply;
  }

  /** Keeps the clock that will end the wait. */
  public void startDeadline(ScheduledFuture<?> clock) {
    deadline = clock;
  }

  /** Notes that it is handed to the socket now. */
  public void markSent() {
    sent = true;
    sentNanos = System.nanoTime();
  }

  /** Whether any of it may have left this process. */
  public boolean isSent() {
    return sent;
  }

  /** Whether the caller has its answer, so that what comes now is late. */
  public boolean isOver() {
    return over;
  }

  /** Answers with a value from the wire. */
  public void succeed(JsonNode value) {
    long receivedNanos = System.nanoTime();
    end(() -> {
      try {
        reply.complete(new Timed<>(Json.bind(value, command), sentNanos, receivedNanos));
      } catch (RuntimeException e) {
        // It was answered, so it ran, at least in part; what it did is as unknown as without a
        // reply.
        reply.completeExceptionally(
            new CommandException.MayHaveRun(name(), "it was answered with a strange value", e));
      }
    });
  }

  /** Answers with the other side's error. */
  public void refuse(JsonNode error) {
    fail(
        new CommandException.Refused(
            name(), error.path("class").asText(), error.path("desc").asText()));
  }

  /** Ends the wait without a reply. */
  public void giveUp(String why) {
    fail(
        sent
            ? new CommandException.MayHaveRun(name(), why)
            : new CommandException.NotSent(name(), why));
  }

  private void fail(CommandException failure) {
    end(() -> reply.completeExceptionally(failure));
  }

  private void end(Runnable completion) {
    if (over) {
      return;
    }
    over = true;
    if (deadline != null) {
      deadline.cancel(false);
    }
    CallbackThreads.run(callbacks, completion);
  }
}
