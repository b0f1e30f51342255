package dev.stillpoint.core.coordinator;

import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.transaction.Event;
import dev.stillpoint.core.transaction.TransactionRunner;
import java.util.concurrent.CompletionStage;

/** The caller's side of a runner. */
record RunningOperation(String id, TransactionRunner runner) implements SnapshotOperation {

  @Override
  public CompletionStage<SnapshotResult> result() {
    return runner.result().minimalCompletionStage();
  }

  @Override
  public CompletionStage<Failure> overdue() {
    return runner.overdue().minimalCompletionStage();
  }

  @Override
  public void requestCancel() {
    runner.post(new Event.CancelRequested());
  }
}
