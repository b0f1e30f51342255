package dev.stillpoint.core.spi;

import java.util.concurrent.CompletionStage;

/**
 * Knows how to bring a guest's file systems to rest. Implementations must not block the calling
 * thread.
 */
public interface Quiescer {

  /**
   * Asks, without changing anything in the guest, whether a freeze would work.
   *
   * @param order which file systems, and the disks that will be cut
   * @param deadline after this the answer is of no use; the stage must be complete by then
   * @return completes normally with the answer; exceptionally counts as {@link
   *     QuiesceCheck.Unavailable}
   */
  CompletionStage<QuiesceCheck> check(QuiesceOrder order, Deadline deadline);
}
