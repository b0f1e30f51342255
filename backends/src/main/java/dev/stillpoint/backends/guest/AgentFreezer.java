package dev.stillpoint.backends.guest;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.QgaOptions;
import dev.stillpoint.qga.command.QgaCommand;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreezeList;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatus;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatusResult;
import dev.stillpoint.qga.qapi.GuestFsfreezeThaw;
import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.error.CommandException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Freezes and thaws one guest through its agent. The proof of a thaw is, in this order and on one
 * connection, after the last byte of the freeze: the agent in step, a reply to {@code
 * guest-fsfreeze-thaw}, status {@code thawed}. The freeze's own matched reply shows that the agent
 * is in step, so that nothing stands between it and the thaw.
 */
final class AgentFreezer implements Freezer {
  /** The shortest time that a command is given, so that a passed deadline still sends it. */
  private static final Duration LEAST = Duration.ofMillis(100);

  private final FreezePlan plan;
  private final boolean windows;
  private final Optional<AgentPresence> presence;
  private final AgentLine first;
  private volatile AgentLine client;
  private volatile @Nullable FreezeReport frozen;
  private volatile boolean thawAsked;
  private volatile long firstThawNanos;
  private volatile int incarnation;
  private volatile boolean released;

  /**
   * A freezer for one operation.
   *
   * @param windows whether the agent's thaw tells that applications were at rest (VSS)
   * @param presence belongs to the freezer from now on
   */
  AgentFreezer(
      AgentLine client, FreezePlan plan, boolean windows, Optional<AgentPresence> presence) {
    this.first = client;
    this.client = client;
    this.plan = plan;
    this.windows = windows;
    this.presence = presence;
  }

  @Override
  public CompletionStage<FreezeReport> freeze(Deadline deadline) {
    QgaCommand<Long> command =
        plan.mountpoints().isEmpty()
            ? new GuestFsfreezeFreeze()
            : new GuestFsfreezeFreezeList(plan.mountpoints());
    incarnation = incarnationNow();
    long asked = System.nanoTime();
    var reported = new CompletableFuture<FreezeReport>();
    // Before the freeze is written: on a busy host what comes after that may fall into the hold.
    presence.ifPresent(known -> failWith(reported, known.departure(), asked));
    var unused =
        client
            .executeTimed(command, left(deadline))
            .whenComplete((reply, thrown) -> report(reported, reply, thrown, asked));
    return reported;
  }

  private void report(
      CompletableFuture<FreezeReport> reported,
      @Nullable Timed<Long> reply,
      @Nullable Throwable thrown,
      long asked) {
    if (reply != null) {
      reported.complete(frozen(reply));
    } else {
      reported.completeExceptionally(failed(thrown, asked));
    }
  }

  /** A dead agent answers no more; waiting for the clock would only hold the guest longer. */
  private static void failWith(
      CompletableFuture<FreezeReport> reported, CompletableFuture<Void> departure, long asked) {
    var unused =
        departure.thenRun(() ->
            reported.completeExceptionally(
                FreezeException.mayBeWritten(
                    Failure.of(
                        ErrorCode.FREEZE_FAILED,
                        "the guest did not freeze: its agent left while it was asked to"),
                    asked)));
  }

  private int incarnationNow() {
    return presence.map(AgentPresence::incarnation).orElse(0);
  }

  private FreezeReport frozen(Timed<Long> reply) {
    int fileSystems = Math.clamp(reply.value(), 0, Integer.MAX_VALUE);
    var report = new FreezeReport(fileSystems, reply.sentNanos(), reply.receivedNanos());
    frozen = report;
    return report;
  }

  private static FreezeException failed(@Nullable Throwable thrown, long asked) {
    Throwable cause = thrown == null ? new IllegalStateException("no reply") : cause(thrown);
    Failure failure =
        Failure.of(ErrorCode.FREEZE_FAILED, "the guest did not freeze: " + cause.getMessage());
    return cause instanceof CommandException.NotSent
        ? FreezeException.notWritten(failure)
        : FreezeException.mayBeWritten(failure, asked);
  }

  @Override
  public CompletionStage<ThawReport> thaw(Deadline deadline) {
    boolean straight =
        frozen != null
            && !thawAsked
            && client.equals(first)
            // Another agent than the one that froze has to show that it is in step, too.
            && incarnation == incarnationNow();
    if (!client.isOpen() && machineIsGone()) {
      return CompletableFuture.completedFuture(gone());
    }
    CompletionStage<AgentLine> inStep =
        straight ? CompletableFuture.completedFuture(client) : connected(deadline);
    return inStep.thenCompose(agent -> thaw(agent, deadline));
  }

  /** Another process at the same socket is another machine, which owes no thaw. */
  private boolean machineIsGone() {
    return first.qemu().filter(process -> !process.isAlive()).isPresent();
  }

  /** Nothing that has ended is frozen. */
  private ThawReport gone() {
    long now = System.nanoTime();
    String what = "the machine ended while its guest was held, and the freeze with it";
    return new ThawReport(
        Consistency.CRASH, List.of(what), List.of(what), thawAsked ? firstThawNanos : now, now);
  }

  /** The connection, in step again; a new one only where the old one has ended. */
  private CompletionStage<AgentLine> connected(Deadline deadline) {
    AgentLine known = client;
    if (known.isOpen()) {
      return known.synchronise(left(deadline)).thenApply(done -> known);
    }
    return QgaClient.connect(
            known.endpoint(), QgaOptions.defaults().withConnectTimeout(left(deadline)))
        .thenApply(fresh -> {
          AgentLine line = AgentLine.of(fresh);
          client = line;
          if (released) {
            // Too late to thaw, and whoever thaws now needs the agent's only place.
            line.close();
          }
          return line;
        });
  }

  private CompletionStage<ThawReport> thaw(AgentLine agent, Deadline deadline) {
    boolean again = thawAsked;
    if (!again) {
      firstThawNanos = System.nanoTime();
      thawAsked = true;
    }
    CompletableFuture<Timed<Long>> asked =
        agent.executeTimed(new GuestFsfreezeThaw(), left(deadline));
    CompletableFuture<Timed<GuestFsfreezeStatusResult>> status =
        asked
            .handle((reply, thrown) -> thrown)
            .thenCompose(thrown ->
                thrown == null || hasRun(cause(thrown))
                    ? agent.executeTimed(new GuestFsfreezeStatus(), left(deadline))
                    : CompletableFuture.failedFuture(thrown));
    return status.thenApply(reply -> {
      GuestFsfreezeStatusResult word = reply.value();
      if (!word.equals(GuestFsfreezeStatusResult.THAWED)) {
        throw new SnapshotException(
            Failure.of(ErrorCode.THAW_NOT_PROVED, "after the thaw the agent says " + word));
      }
      return report(asked, again);
    });
  }

  /** A hook that failed is an answer; that there is no such command is none. */
  private static boolean hasRun(Throwable thrown) {
    return thrown instanceof CommandException.Refused refused
        && !refused.errorClass().equals("CommandNotFound");
  }

  private ThawReport report(CompletableFuture<Timed<Long>> asked, boolean again) {
    List<String> warnings = new ArrayList<>();
    Optional<Timed<Long>> reply = Optional.empty();
    try {
      reply = Optional.of(asked.join());
    } catch (CompletionException e) {
      warnings.add("the guest is thawed, but its agent says: " + cause(e).getMessage());
    }
    if (!again && reply.isPresent()) {
      firstThawNanos = reply.get().sentNanos();
    }
    Optional<String> doubt = doubt(reply.map(Timed::value), again);
    return new ThawReport(
        doubt.isPresent()
            ? Consistency.CRASH
            : windows ? Consistency.APPLICATION : Consistency.FILESYSTEM,
        doubt.stream().toList(),
        warnings,
        firstThawNanos,
        reply.map(Timed::receivedNanos).orElseGet(System::nanoTime));
  }

  /** Why the freeze cannot be shown to have held until the thaw; empty when it can. */
  private Optional<String> doubt(Optional<Long> thawed, boolean again) {
    FreezeReport freeze = frozen;
    if (freeze == null) {
      return Optional.of("the reply to the freeze never came");
    }
    if (freeze.fileSystems() == 0) {
      return Optional.of("the agent froze no file system");
    }
    if (!client.equals(first)) {
      return Optional.of("the connection to the agent was lost while the guest was frozen");
    }
    if (again) {
      return Optional.of("the reply to the first thaw was lost, so the freeze is not proved");
    }
    if (thawed.isEmpty()) {
      return Optional.of("the thaw was answered with an error, so the freeze is not proved");
    }
    if (freeze.fileSystems() < plan.expected()) {
      return Optional.of(
          "of "
              + plan.expected()
              + " file systems only "
              + freeze.fileSystems()
              + " froze; the agent does not tell which did not");
    }
    if (thawed.get() < freeze.fileSystems()) {
      return Optional.of(
          "of "
              + freeze.fileSystems()
              + " frozen file systems only "
              + thawed.get()
              + " were still frozen at the thaw");
    }
    return Optional.empty();
  }

  @Override
  public void release() {
    released = true;
    presence.ifPresent(AgentPresence::close);
    AgentLine last = client;
    if (!last.equals(first)) {
      last.close();
    }
  }

  private static Duration left(Deadline deadline) {
    Duration left = deadline.remaining();
    return left.compareTo(LEAST) < 0 ? LEAST : left;
  }

  static Throwable cause(Throwable thrown) {
    Throwable t = thrown;
    while (t instanceof CompletionException && t.getCause() != null) {
      t = t.getCause();
    }
    return t;
  }
}
