package dev.stillpoint.backends.guard;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.qga.QgaClient;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * A freezer with a guard beside it, which is armed before the freeze is written and let go after
 * the thaw is proved. Released before that, it hands the obligation over. What runs in the hold is
 * a look at the clock, and the handlers for it are made beforehand.
 */
public final class GuardedFreezer implements Freezer {
  private final Freezer inner;
  private final QgaClient agent;
  private final OperationGuard guard;
  private final Gate gate = new Gate();
  private final Function<ThawReport, ThawReport> letGo = this::letGo;
  private final Function<FreezeReport, FreezeReport> frozen = this::frozen;
  private final CompletableFuture<String> stoodStill;

  /** Whether the freeze was answered before the guard can have thawed: what it does comes after. */
  private volatile boolean frozenInTime;

  /**
   * A guarded freezer; its guard begins to start.
   *
   * @param inner freezes and thaws over the agent's connection
   */
  public GuardedFreezer(Freezer inner, QgaClient agent, OperationGuard guard) {
    this.inner = inner;
    this.agent = agent;
    this.guard = guard;
    this.stoodStill = guard.stoodStill().toCompletableFuture();
    guard.begin();
  }

  /** The guard's start is no part of the window. If it fails, the freeze will say so. */
  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    return guard.awaitStart().thenCompose(done -> inner.prepare(deadline));
  }

  @Override
  public CompletionStage<FreezeReport> freeze(Deadline deadline) {
    return guard
        .armForFreeze(agent)
        .exceptionally(this::unguarded)
        .thenCompose(armed ->
            guard.isFresh() && gate.open() ? inner.freeze(deadline).thenApply(frozen) : tooLate())
        .whenComplete(this::noteUnwritten);
  }

  private Guard unguarded(Throwable thrown) {
    throw FreezeException.notWritten(OperationGuard.unguarded(thrown, "freeze"));
  }

  private FreezeReport frozen(FreezeReport report) {
    frozenInTime = guard.isFresh();
    return report;
  }

  /**
   * The operation has gone on without this freeze, or the guard may be done with it: written now,
   * nobody would thaw it.
   */
  static CompletionStage<FreezeReport> tooLate() {
    return CompletableFuture.failedFuture(
        FreezeException.notWritten(
            Failure.of(ErrorCode.GUARD_FAILED, "the guard was not ready in time, so no freeze")));
  }

  private void noteUnwritten(FreezeReport report, Throwable thrown) {
    Throwable cause =
        thrown instanceof java.util.concurrent.CompletionException ? thrown.getCause() : thrown;
    if (cause instanceof FreezeException e && e.writtenNanos().isEmpty()) {
      guard.thawed(false);
    }
  }

  @Override
  public CompletionStage<ThawReport> thaw(Deadline deadline) {
    if (gate.close()) {
      guard.thawed(false);
      return neverWritten();
    }
    if (guard.isFresh()) {
      return inner.thaw(deadline).thenApply(letGo);
    }
    return guard
        .isStillOurs()
        .thenCompose(ours ->
            // What the guard did before the freeze was answered may have been before the freeze.
            ours || !frozenInTime ? inner.thaw(deadline).thenApply(letGo) : takenOver());
  }

  /**
   * Where the guard has acted, what the agent counts proves nothing: the guest was thawed, or is
   * about to be, and on one connection with the guard an answer may be to a question of its own.
   */
  private ThawReport letGo(ThawReport proof) {
    guard.thawed(true);
    return stoodStill.isDone() ? doubted(proof) : proof;
  }

  private CompletionStage<ThawReport> takenOver() {
    guard.thawed(false);
    return CompletableFuture.completedFuture(
        doubtful(
            "this process stood still for too long, and the guard thawed the guest: that the"
                + " freeze held is not proved"));
  }

  private static ThawReport doubted(ThawReport proof) {
    return new ThawReport(
        Consistency.CRASH,
        List.of(
            "this process stood still for too long, and the guard had begun to thaw the guest: that"
                + " the freeze held is not proved"),
        proof.warnings(),
        proof.firstWrittenNanos(),
        proof.repliedNanos());
  }

  /** The thaw of a guest to which no freeze will be written any more. */
  static CompletionStage<ThawReport> neverWritten() {
    return CompletableFuture.completedFuture(doubtful("the freeze was never written"));
  }

  private static ThawReport doubtful(String why) {
    long now = System.nanoTime();
    return new ThawReport(Consistency.CRASH, List.of(why), List.of(), now, now);
  }

  /** Ends our use of the connection; a guard to which something is owed takes it over. */
  @Override
  public void release() {
    boolean unwritten = gate.close();
    if (unwritten) {
      guard.thawed(false);
    }
    try {
      inner.release();
    } finally {
      guard.end();
    }
  }
}
