package dev.stillpoint.core.spi;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Stops and continues the virtual processors of a machine. Implementations must not block. */
public interface Pauser {

  /** What the machine is doing now. */
  CompletionStage<MachineStatus> status(Deadline deadline);

  /**
   * Called before anything is held, and only in an operation that is going to pause: what a pause
   * needs beside it is made ready now, so that nothing of that falls into the hold. Without a word
   * there is nothing to make ready.
   */
  default CompletionStage<Void> prepare(Deadline deadline) {
    return CompletableFuture.completedFuture(null);
  }

  /**
   * Pauses it. From the moment this is called a resume is owed, whatever comes of it.
   *
   * @return completes when the machine is known to stand still
   */
  CompletionStage<Void> pause(Deadline deadline);

  /**
   * Resumes it. Called again after a failure, until it succeeds or a bound ends.
   *
   * @return completes when the machine is known to run
   */
  CompletionStage<Void> resume(Deadline deadline);

  /**
   * Why it is not sure that the machine stood still from the last pause to the resume after it:
   * then what was cut in between is not one instant. Asked at the end of an operation; does not ask
   * the machine.
   */
  default Optional<String> doubt() {
    return Optional.empty();
  }
}
