package dev.stillpoint.backends;

import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotResult;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.UnaryOperator;

/** An operation that holds its machine's lock until its result is told, and not longer. */
final class LockedOperation implements SnapshotOperation {
  private final String id;
  private final CompletionStage<SnapshotResult> result;
  private final CompletionStage<Failure> overdue;
  private final Runnable cancel;

  private LockedOperation(
      String id,
      CompletionStage<SnapshotResult> result,
      CompletionStage<Failure> overdue,
      Runnable cancel) {
    this.id = id;
    this.result = result;
    this.overdue = overdue;
    this.cancel = cancel;
  }

  /** Whoever hears the result may begin the next operation at once: the lock is free by then. */
  static SnapshotOperation begun(
      SnapshotOperation inner, MachineLock lock, UnaryOperator<SnapshotResult> told) {
    CompletionStage<SnapshotResult> released =
        inner
            .result()
            .thenApply(ended -> told(ended, told))
            .whenComplete((ended, thrown) -> lock.close());
    return new LockedOperation(inner.id(), released, inner.overdue(), inner::requestCancel);
  }

  /** A word that cannot be added must not take the result with it. */
  private static SnapshotResult told(SnapshotResult ended, UnaryOperator<SnapshotResult> told) {
    try {
      return told.apply(ended);
    } catch (RuntimeException | Error e) {
      List<String> warnings = new ArrayList<>(ended.warnings());
      warnings.add("what is known beside this result cannot be told: " + e);
      return ended.withWarnings(warnings);
    }
  }

  static SnapshotOperation refused(String id, SnapshotName name, Failure failure) {
    return new LockedOperation(
        id,
        CompletableFuture.completedFuture(SnapshotResult.notBegun(name, failure)),
        new CompletableFuture<>(),
        () -> {});
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public CompletionStage<SnapshotResult> result() {
    return result;
  }

  @Override
  public CompletionStage<Failure> overdue() {
    return overdue;
  }

  @Override
  public void requestCancel() {
    cancel.run();
  }
}
