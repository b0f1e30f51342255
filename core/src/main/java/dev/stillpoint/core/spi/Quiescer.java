package dev.stillpoint.core.spi;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Knows how to bring a guest's file systems to rest. Implementations must not block the calling
 * thread.
 */
public interface Quiescer {

  /**
   * Asks, without changing anything in the guest, whether a freeze would work.
   *
   * @param mountpoints what to freeze, or empty for everything
   * @param deadline after this the answer is of no use; the stage must be complete by then
   * @return completes normally with the answer; exceptionally counts as {@link
   *     QuiesceCheck.Unavailable}
   */
  CompletionStage<QuiesceCheck> check(List<String> mountpoints, Deadline deadline);
}
