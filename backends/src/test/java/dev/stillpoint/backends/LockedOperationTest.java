package dev.stillpoint.backends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** However an operation ends, its machine's lock is free when the caller hears. */
@Timeout(30)
class LockedOperationTest {
  private static final SnapshotResult RESULT =
      SnapshotResult.notBegun(
          new SnapshotName("nightly"), Failure.of(ErrorCode.CANCELLED, "as asked"));

  @TempDir private Path directory;
  private final CompletableFuture<SnapshotResult> inner = new CompletableFuture<>();

  private final class Inner implements SnapshotOperation {
    @Override
    public String id() {
      return "0badcafe";
    }

    @Override
    public CompletionStage<SnapshotResult> result() {
      return inner;
    }

    @Override
    public CompletionStage<Failure> overdue() {
      return new CompletableFuture<>();
    }

    @Override
    public void requestCancel() {}
  }

  private List<Endpoint> machine() {
    return List.of(Endpoint.unix(directory.resolve("qmp.sock")));
  }

  private MachineLock lock() {
    return MachineLock.take(machine(), "0badcafe", "snapshot nightly");
  }

  @Test
  void aWordThatCannotBeAddedKeepsNeitherResultNorLock() {
    // given
    SnapshotOperation operation =
        LockedOperation.begun(
            new Inner(),
            lock(),
            result -> {
              throw new IllegalStateException("the guard's socket is gone");
            });
    // when
    inner.complete(RESULT);
    // then
    SnapshotResult told = operation.result().toCompletableFuture().join();
    assertEquals(Outcome.FAILED, told.outcome());
    assertTrue(told.warnings().toString().contains("socket is gone"), told::toString);
    assertFalse(MachineLock.owner(machine()).isPresent());
  }

  @Test
  void anOperationThatDiesLeavesNoLock() {
    // given
    SnapshotOperation operation = LockedOperation.begun(new Inner(), lock(), result -> result);
    assertTrue(MachineLock.owner(machine()).isPresent());
    // when
    inner.completeExceptionally(new NoClassDefFoundError("somebody's class"));
    // then
    assertTrue(operation.result().toCompletableFuture().isCompletedExceptionally());
    assertFalse(MachineLock.owner(machine()).isPresent());
  }
}
