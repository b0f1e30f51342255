package dev.stillpoint.backends.guard;

import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.ThawReport;
import java.util.concurrent.CompletionStage;

/**
 * A freezer whose agent no guard can reach, in an operation that may pause a machine whose monitor
 * it can: the guard is armed for the pause before the freeze, and not while the guest is frozen. An
 * operation that has gone on without the freeze meanwhile is not frozen any more.
 */
final class PauseGuardedFreezer implements Freezer {
  private final Freezer inner;
  private final OperationGuard guard;
  private final Gate gate = new Gate();

  PauseGuardedFreezer(Freezer inner, OperationGuard guard) {
    this.inner = inner;
    this.guard = guard;
  }

  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    return inner.prepare(deadline);
  }

  @Override
  public CompletionStage<FreezeReport> freeze(Deadline deadline) {
    return guard
        .armForPlannedPause()
        .handle(PauseGuardedFreezer::orNoFreeze)
        .thenCompose(armed -> gate.open() ? inner.freeze(deadline) : GuardedFreezer.tooLate());
  }

  private static boolean orNoFreeze(Object armed, Throwable thrown) {
    if (thrown != null) {
      throw FreezeException.notWritten(OperationGuard.unguarded(thrown, "freeze"));
    }
    return true;
  }

  @Override
  public CompletionStage<ThawReport> thaw(Deadline deadline) {
    return gate.close() ? GuardedFreezer.neverWritten() : inner.thaw(deadline);
  }

  @Override
  public void release() {
    var unused = gate.close();
    inner.release();
  }
}
