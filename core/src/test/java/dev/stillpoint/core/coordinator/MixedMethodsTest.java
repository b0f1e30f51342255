package dev.stillpoint.core.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.LateCut;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.testing.IdleMethod;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two methods in one operation: all disks or none, and one instant or nothing that is claimed. */
@Timeout(30)
class MixedMethodsTest {
  private final List<String> undone = new CopyOnWriteArrayList<>();
  private final List<String> cleaned = new CopyOnWriteArrayList<>();
  private final Pausing pauser = new Pausing();

  private class Noting extends IdleMethod {
    Noting(String name) {
      super(name);
    }

    @Override
    public CompletionStage<Void> undo(Deadline deadline) {
      undone.add(name());
      return super.undo(deadline);
    }

    @Override
    public CompletionStage<Void> clean(Deadline deadline) {
      cleaned.add(name());
      return super.clean(deadline);
    }
  }

  /** It does not cut. */
  private final class Failing extends Noting {
    Failing() {
      super("failing");
    }

    @Override
    public CompletionStage<CutReport> cut(Deadline deadline) {
      throw new IllegalStateException("the pool is full");
    }

    @Override
    public CompletionStage<Settlement> settle(Deadline deadline) {
      return CompletableFuture.completedFuture(
          new Settlement(Settlement.State.NOT_APPLIED, List.of(), List.of()));
    }
  }

  private static final class Pausing implements Pauser {
    private Optional<String> doubt = Optional.empty();

    @Override
    public CompletionStage<MachineStatus> status(Deadline deadline) {
      return CompletableFuture.completedFuture(
          new MachineStatus(MachineStatus.Kind.RUNNING, "running"));
    }

    @Override
    public CompletionStage<Void> pause(Deadline deadline) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> resume(Deadline deadline) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public Optional<String> doubt() {
      return doubt;
    }
  }

  private SnapshotResult take(IdleMethod one, IdleMethod other, SnapshotRequest request) {
    return SnapshotCoordinator.builder()
        .method(one)
        .method(other)
        .pauser(pauser)
        .build()
        .start(request.quiesce(Quiesce.NEVER).disk("a", one.name()).disk("b", other.name()))
        .result()
        .toCompletableFuture()
        .orTimeout(20, TimeUnit.SECONDS)
        .join();
  }

  @ParameterizedTest
  @EnumSource(LateCut.class)
  void aCutThatOnlyOneOfThemHasMadeIsUndone(LateCut policy) {
    // when
    SnapshotResult result =
        take(new Noting("idle"), new Failing(), SnapshotRequest.named("n").lateCut(policy));
    // then
    assertEquals(Outcome.FAILED, result.outcome(), result::toString);
    assertEquals("the pool is full", result.error().orElseThrow().message());
    assertEquals(List.of("idle", "failing"), undone);
    assertEquals(List.of("idle", "failing"), cleaned);
  }

  @Test
  void oneThatThrowsKeepsNobodyElseFromBeingCleaned() {
    // given
    var throwing =
        new Noting("throwing") {
          @Override
          public CompletionStage<Void> clean(Deadline deadline) {
            throw new IllegalStateException("busy");
          }
        };
    // when
    SnapshotResult result = take(throwing, new Noting("idle"), SnapshotRequest.named("n"));
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(List.of("idle"), cleaned);
    assertTrue(result.warnings().contains("busy"), result::toString);
  }

  @Test
  void cutsInAMachineThatStoodStillAreOneInstant() {
    // when
    SnapshotResult result =
        take(new Noting("left"), new Noting("right"), SnapshotRequest.named("n"));
    // then
    assertEquals(Consistency.CRASH, result.consistency(), result::toString);
  }

  @Test
  void cutsInAMachineThatMayHaveRunAreNone() {
    // given
    pauser.doubt = Optional.of("somebody may have resumed it");
    // when
    SnapshotResult result =
        take(new Noting("left"), new Noting("right"), SnapshotRequest.named("n"));
    // then
    assertEquals(Consistency.NONE, result.consistency(), result::toString);
    assertTrue(result.reasons().contains("somebody may have resumed it"), result::toString);
  }

  @Test
  void aCutThatEndsAfterTheResumeIsNoOneInstantEither() {
    // given
    var late =
        new Noting("late") {
          @Override
          public CompletionStage<CutReport> cut(Deadline deadline) {
            return super.cut(deadline)
                .thenApplyAsync(
                    report -> report,
                    CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS));
          }
        };
    var request =
        SnapshotRequest.named("n").freezeWindow(Duration.ofMillis(50)).lateCut(LateCut.ADOPT);
    // when
    SnapshotResult result = take(new Noting("idle"), late, request);
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.NONE, result.consistency(), result::toString);
  }
}
