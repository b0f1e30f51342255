package dev.stillpoint.core.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.LateCut;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Pausing;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.core.testing.IdleMethod;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Two methods in one operation: all disks or none, and one instant or nothing that is claimed. */
@Timeout(30)
class MixedMethodsTest {
  private final List<String> undone = new CopyOnWriteArrayList<>();
  private final List<String> cleaned = new CopyOnWriteArrayList<>();
  private final CountingPauser pauser = new CountingPauser();

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

  private static final class CountingPauser implements Pauser {
    private final AtomicInteger pauses = new AtomicInteger();
    private Optional<String> doubt = Optional.empty();

    @Override
    public CompletionStage<MachineStatus> status(Deadline deadline) {
      return CompletableFuture.completedFuture(
          new MachineStatus(MachineStatus.Kind.RUNNING, "running"));
    }

    @Override
    public CompletionStage<Void> pause(Deadline deadline) {
      pauses.incrementAndGet();
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

  /** Does not cut all of its disks at one instant, and may take a while. */
  private final class Slow extends Noting {
    private final Duration expected;

    Slow(Duration expected) {
      super("slow");
      this.expected = expected;
    }

    @Override
    public boolean isOneInstant() {
      return false;
    }

    @Override
    public Duration expectedTime() {
      return expected;
    }
  }

  private static final Duration SHORT = Duration.ofMillis(1);

  private SnapshotResult take(IdleMethod method, Freezing guest, SnapshotRequest request) {
    return SnapshotCoordinator.builder()
        .method(method)
        .pauser(pauser)
        .quiescer(guest)
        .build()
        .start(request.disk("a"))
        .result()
        .toCompletableFuture()
        .orTimeout(20, TimeUnit.SECONDS)
        .join();
  }

  /** A guest that freezes, or says that it does and fails. */
  private static final class Freezing implements Quiescer, Freezer {
    private final boolean everyWriter;
    private boolean freezeFails;
    private boolean freezeIsLost;

    Freezing(boolean everyWriter) {
      this.everyWriter = everyWriter;
    }

    @Override
    public CompletionStage<QuiesceCheck> check(QuiesceOrder order, Deadline deadline) {
      return CompletableFuture.completedFuture(
          new QuiesceCheck.Ready(this, List.of(), List.of(), everyWriter, Optional.empty()));
    }

    @Override
    public CompletionStage<FreezeReport> freeze(Deadline deadline) {
      long now = System.nanoTime();
      return freezeFails
          ? CompletableFuture.failedFuture(
              FreezeException.notWritten(Failure.of(ErrorCode.FREEZE_FAILED, "a hook failed")))
          : CompletableFuture.completedFuture(new FreezeReport(1, now, now));
    }

    @Override
    public CompletionStage<ThawReport> thaw(Deadline deadline) {
      long now = System.nanoTime();
      Consistency reached = freezeIsLost ? Consistency.CRASH : Consistency.FILESYSTEM;
      return CompletableFuture.completedFuture(
          new ThawReport(reached, List.of(), List.of(), now, now));
    }

    @Override
    public void release() {}
  }

  @Test
  void whereEveryWriterIsFrozenNobodyIsPaused() {
    // when
    SnapshotResult result = take(new Slow(SHORT), new Freezing(true), SnapshotRequest.named("n"));
    // then
    assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
    assertEquals(0, pauser.pauses.get());
  }

  @Test
  void whereSomethingMayStillWriteTheMachineIsPaused() {
    // when
    SnapshotResult result = take(new Slow(SHORT), new Freezing(false), SnapshotRequest.named("n"));
    // then
    assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
    assertEquals(1, pauser.pauses.get());
  }

  @Test
  void whereTheFreezeMayFailAndIsNotRequiredTheMachineIsPaused() {
    // given
    var guest = new Freezing(true);
    guest.freezeFails = true;
    // when
    SnapshotResult result =
        take(new Slow(SHORT), guest, SnapshotRequest.named("n").quiesce(Quiesce.PREFER));
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.CRASH, result.consistency(), result::toString);
    assertEquals(1, pauser.pauses.get());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whereAPauseIsForbiddenOnlyAWholeFreezeMakesThemOne(boolean everyWriter) {
    // given
    var request = SnapshotRequest.named("n").pausing(Pausing.FORBIDDEN);
    // when
    SnapshotResult result = take(new Slow(SHORT), new Freezing(everyWriter), request);
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(
        everyWriter ? Consistency.FILESYSTEM : Consistency.NONE,
        result.consistency(),
        result::toString);
    assertEquals(0, pauser.pauses.get());
  }

  @Test
  void aFreezeThatDidNotHoldMadeNothingOne() {
    // given
    var guest = new Freezing(true);
    guest.freezeIsLost = true;
    var request = SnapshotRequest.named("n").quiesce(Quiesce.PREFER).pausing(Pausing.FORBIDDEN);
    // when
    SnapshotResult result = take(new Slow(SHORT), guest, request);
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.NONE, result.consistency(), result::toString);
  }

  @Test
  void aCutThatTakesLongerThanTheWindowIsRefusedBeforeAnythingIsFrozen() {
    // given
    var request = SnapshotRequest.named("n").freezeWindow(Duration.ofSeconds(1));
    // when
    SnapshotResult result = take(new Slow(Duration.ofSeconds(1)), new Freezing(true), request);
    // then
    assertEquals(ErrorCode.WINDOW_EXCEEDED, result.error().orElseThrow().code());
    assertEquals(GuestState.NEVER_FROZEN, result.guest());
  }

  @Test
  void aCutThatHoldsNobodyMayTakeItsTime() {
    // given
    var request =
        SnapshotRequest.named("n")
            .freezeWindow(Duration.ofSeconds(1))
            .quiesce(Quiesce.NEVER)
            .pausing(Pausing.FORBIDDEN);
    // when
    SnapshotResult result = take(new Slow(Duration.ofSeconds(60)), new Freezing(true), request);
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
  }

  @Test
  void whatOneCannotTellHidesNothingOfTheOthers() {
    // given
    var disk =
        new DiskSnapshot(
            "a",
            "telling",
            "",
            Optional.empty(),
            Optional.of(new DiskSource.File(Path.of("/new"), "qcow2")),
            new DiskSource.File(Path.of("/old"), "qcow2"));
    var telling =
        new Noting("telling") {
          @Override
          public CompletionStage<Settlement> settle(Deadline deadline) {
            return CompletableFuture.completedFuture(
                new Settlement(Settlement.State.APPLIED, List.of(disk), List.of()));
          }
        };
    var silent =
        new Noting("silent") {
          @Override
          public CompletionStage<Settlement> settle(Deadline deadline) {
            return CompletableFuture.failedFuture(new IllegalStateException("no answer"));
          }
        };
    // when
    SnapshotResult result = take(telling, silent, SnapshotRequest.named("n"));
    // then
    assertEquals(Outcome.UNKNOWN, result.outcome(), result::toString);
    assertEquals(List.of(disk), result.disks());
    assertTrue(result.toString().contains("no answer"), result::toString);
  }
}
