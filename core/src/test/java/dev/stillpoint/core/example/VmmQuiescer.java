package dev.stillpoint.core.example;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.core.spi.ThawReport;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;

/**
 * Brings the toy guest's file systems to rest. A real one asks an agent, and must not report a thaw
 * before it is proved.
 */
final class VmmQuiescer implements Quiescer {
  private final CustomVmm machine;
  private final ExecutorService thread;
  private final boolean everyWriter;

  /**
   * A quiescer.
   *
   * @param everyWriter whether it can show that nothing at all writes while the guest is frozen;
   *     otherwise cuts that are not one instant need a pause as well
   */
  VmmQuiescer(CustomVmm machine, ExecutorService thread, boolean everyWriter) {
    this.machine = machine;
    this.thread = thread;
    this.everyWriter = everyWriter;
  }

  @Override
  public CompletionStage<QuiesceCheck> check(QuiesceOrder order, Deadline deadline) {
    return CompletableFuture.completedFuture(
        new QuiesceCheck.Ready(
            new OneFreeze(), List.of(), List.of(), everyWriter, Optional.empty()));
  }

  /** Of one operation. */
  private final class OneFreeze implements Freezer {
    private boolean frozen;

    @Override
    public CompletionStage<FreezeReport> freeze(Deadline deadline) {
      long written = System.nanoTime();
      return CompletableFuture.supplyAsync(
          () -> {
            if (everyWriter) {
              machine.stop();
            }
            frozen = true;
            return new FreezeReport(1, written, System.nanoTime());
          },
          thread);
    }

    @Override
    public CompletionStage<ThawReport> thaw(Deadline deadline) {
      long written = System.nanoTime();
      return CompletableFuture.supplyAsync(
          () -> {
            if (frozen && everyWriter) {
              machine.go();
            }
            Consistency reached = frozen ? Consistency.FILESYSTEM : Consistency.CRASH;
            frozen = false;
            return new ThawReport(reached, List.of(), List.of(), written, System.nanoTime());
          },
          thread);
    }

    @Override
    public void release() {}
  }
}
