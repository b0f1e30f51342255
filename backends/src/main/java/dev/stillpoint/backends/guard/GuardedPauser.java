package dev.stillpoint.backends.guard;

import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.qmp.QmpClient;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * A pauser with a guard beside it: one that is armed owes a {@code cont}, if it finds the machine
 * paused, until the machine is seen running. An operation that freezes first has armed it by then,
 * so that nothing of this falls into the hold.
 */
public final class GuardedPauser implements Pauser {
  private final Pauser inner;
  private final QmpClient monitor;
  private final OperationGuard guard;
  private final Gate gate = new Gate();
  private final Runnable letGo;
  private final Runnable paused;
  private final Function<Throwable, Guard> unguarded = this::unguarded;
  private final CompletableFuture<String> stoodStill;

  /** Whether the pause was answered before the guard can have resumed the machine. */
  private volatile boolean pausedInTime;

  /**
   * A guarded pauser. Its guard is started only if the operation will pause.
   *
   * @param inner pauses and resumes over the monitor's connection
   */
  public GuardedPauser(Pauser inner, QmpClient monitor, OperationGuard guard) {
    this.inner = inner;
    this.monitor = monitor;
    this.guard = guard;
    this.stoodStill = guard.stoodStill().toCompletableFuture();
    this.letGo = () -> guard.resumed(true);
    this.paused = () -> pausedInTime = guard.isFresh();
  }

  /** Whether a guard could reach this monitor by itself: over a unix socket or TCP. */
  public static boolean canGuard(QmpClient monitor) {
    return GuardedLine.canReach(monitor.endpoint().toString());
  }

  /** What a result says where the machine was paused and no guard could have resumed it. */
  public static String unguarded(QmpClient monitor) {
    return "the pause had no guard: it could not reach the monitor at "
        + monitor.endpoint()
        + " by itself; if this process is killed while the machine is paused, 'stillpoint"
        + " recover' resumes it";
  }

  @Override
  public CompletionStage<MachineStatus> status(Deadline deadline) {
    return inner.status(deadline);
  }

  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    guard.willPause(monitor);
    // Linked now: a guest may be frozen when the machine is paused.
    var unused = pausing(deadline);
    return guard.awaitStart().thenCompose(done -> inner.prepare(deadline));
  }

  @Override
  public CompletionStage<Void> pause(Deadline deadline) {
    return guard.armForPause().exceptionally(unguarded).thenCompose(pausing(deadline));
  }

  private Function<Guard, CompletionStage<Void>> pausing(Deadline deadline) {
    return armed ->
        guard.isFresh() && gate.open() ? inner.pause(deadline).thenRun(paused) : tooLate();
  }

  private Guard unguarded(Throwable thrown) {
    gate.close();
    throw new SnapshotException(OperationGuard.unguarded(thrown, "pause"), thrown);
  }

  private static CompletionStage<Void> tooLate() {
    return CompletableFuture.failedFuture(
        new IllegalStateException("the guard was not ready in time, so no pause"));
  }

  @Override
  public CompletionStage<Void> resume(Deadline deadline) {
    if (gate.close()) {
      guard.resumed(false);
      return CompletableFuture.completedFuture(null);
    }
    if (guard.isFresh()) {
      return inner.resume(deadline).thenRun(letGo);
    }
    return guard
        .isStillOurs()
        .thenCompose(ours ->
            // What the guard did before the pause was answered may have been before the pause.
            ours || !pausedInTime
                ? inner.resume(deadline).thenRun(letGo)
                : CompletableFuture.runAsync(letGo));
  }

  @Override
  public Optional<String> doubt() {
    return stoodStill.isDone()
        ? Optional.of(
            "this process stood still for too long, and the guard may have resumed the machine"
                + " before all disks were cut")
        : inner.doubt();
  }
}
