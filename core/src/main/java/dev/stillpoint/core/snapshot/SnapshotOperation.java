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
   * How it ended. Completes always, and always normally: a failure is a result too. It may take
   * {@link SnapshotRequest#longest()}; see {@link #overdue()} for a word before that. Interrupting
   * a thread that waits for it ends the waiting, and changes nothing about the operation.
   */
  CompletionStage<SnapshotResult> result();

  /**
   * Completes when the request's timeout has passed and something is still owed (a thaw, a resume,
   * an undo), with a failure that says what is being pursued. Never completes otherwise.
   */
  CompletionStage<Failure> overdue();

  /**
   * Asks it to stop. Does not block; {@link #result()} tells what came of it. A guest that is held
   * is let go at once; then what was cut is undone, and what was made is removed. All of that ends
   * within {@link SnapshotRequest#longest()}, counted from the start. Asking again changes nothing,
   * and neither does asking while the end is undone or cleaned up.
   */
  void requestCancel();
}
