package dev.stillpoint.backends.guard;

import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.ThawReport;
import java.util.concurrent.CompletionStage;

/**
 * A freezer whose agent no guard can reach, in an operation that may pause a machine whose monitor
 * it can: the guard is armed for the pause before the freeze, and not while the guest is frozen.
 */
record PauseGuardedFreezer(Freezer inner, OperationGuard guard) implements Freezer {
  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    return inner.prepare(deadline);
  }

  @Override
  public CompletionStage<FreezeReport> freeze(Deadline deadline) {
    return guard
        .armForPlannedPause()
        .handle(PauseGuardedFreezer::orNoFreeze)
        .thenCompose(armed -> inner.freeze(deadline));
  }

  private static boolean orNoFreeze(Object armed, Throwable thrown) {
    if (thrown != null) {
      throw FreezeException.notWritten(OperationGuard.unguarded(thrown, "freeze"));
    }
    return true;
  }

  @Override
  public CompletionStage<ThawReport> thaw(Deadline deadline) {
    return inner.thaw(deadline);
  }

  @Override
  public void release() {
    inner.release();
  }
}
