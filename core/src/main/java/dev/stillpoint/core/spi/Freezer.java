package dev.stillpoint.core.spi;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Freezes and thaws one guest for one operation, and holds the connection to its agent from the
 * check to the end. Whoever guards the operation from outside takes that connection over as a
 * whole: no other object may write to it.
 *
 * <p>Methods must return at once. They are called from one thread, one after the other, but {@link
 * #thaw} may be called while a freeze is unanswered: it must then wait its turn on the wire.
 */
public interface Freezer {

  /**
   * Called before anything is held, and only in an operation that is going to freeze: what a freeze
   * needs beside it is made ready now, so that nothing of that falls into the window. Without a
   * word there is nothing to make ready. What fails here may as well fail the freeze.
   */
  default CompletionStage<Void> prepare(Deadline deadline) {
    return CompletableFuture.completedFuture(null);
  }

  /**
   * Writes the freeze, at most once in the life of this object.
   *
   * @return completes when the guest says that it is frozen; exceptionally with {@link
   *     FreezeException}, which tells whether anything may have been written
   */
  CompletionStage<FreezeReport> freeze(Deadline deadline);

  /**
   * Pursues the thaw once. Called again after a failure, until it succeeds or a bound ends.
   *
   * @return completes only when the thaw is proved: on one connection and after the last byte of
   *     the freeze, the agent was in step, a thaw was answered, and the status is thawed. Also when
   *     the whole machine has ended, and its freeze with it. Exceptionally when this attempt could
   *     not prove it
   */
  CompletionStage<ThawReport> thaw(Deadline deadline);

  /** Lets go of the connection. Called once, when nothing is owed or nobody can pay any more. */
  void release();
}
