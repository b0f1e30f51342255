package dev.stillpoint.core.snapshot;

import java.util.concurrent.CompletionStage;

/**
 * A snapshot on its way. It cannot be abandoned, only asked to stop: whatever happens, the guest is
 * let go first. All methods may be called from any thread.
 */
public interface SnapshotOperation {

  /** Eight hexadecimal digits that also begin the names of everything this operation makes. */
  String id();

  /**
   * How it ended. Completes always, and always normally: a failure is a result too. It may take as
   * long as the request's timeout plus its bounds; see {@link #overdue()} for a word before that.
   */
  CompletionStage<SnapshotResult> result();

  /**
   * Completes when the request's timeout has passed and something is still owed (a thaw, a resume,
   * an undo), with a failure that says what is being pursued. Never completes otherwise.
   */
  CompletionStage<Failure> overdue();

  /** Asks it to stop. Does not block; {@link #result()} tells what came of it. */
  void requestCancel();
}
