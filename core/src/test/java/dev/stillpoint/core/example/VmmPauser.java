package dev.stillpoint.core.example;

import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.core.spi.Pauser;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;

/** Pauses the toy machine. What waits, waits on the machine's own thread. */
final class VmmPauser implements Pauser {
  private final CustomVmm machine;
  private final ExecutorService thread;
  private boolean paused;

  VmmPauser(CustomVmm machine, ExecutorService thread) {
    this.machine = machine;
    this.thread = thread;
  }

  @Override
  public CompletionStage<MachineStatus> status(Deadline deadline) {
    return CompletableFuture.completedFuture(
        new MachineStatus(MachineStatus.Kind.RUNNING, "running"));
  }

  @Override
  public CompletionStage<Void> pause(Deadline deadline) {
    return CompletableFuture.runAsync(
        () -> {
          machine.stop();
          paused = true;
        },
        thread);
  }

  /** Called again where its answer was lost: then the machine runs already. */
  @Override
  public CompletionStage<Void> resume(Deadline deadline) {
    return CompletableFuture.runAsync(
        () -> {
          if (paused) {
            paused = false;
            machine.go();
          }
        },
        thread);
  }
}
