package dev.stillpoint.core.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.FileNumber;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.core.testing.IdleMethod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What the journal knows at each step, and what becomes of a snapshot that it cannot be told of.
 */
@Timeout(30)
class JournalledSnapshotTest {
  private static final MachineIdentity MACHINE =
      new MachineIdentity(
          Optional.of("unix:/qmp"), Optional.empty(), Optional.of("1@2/3"), Optional.of("uuid"));

  private static final CutReport CUT =
      new CutReport(new PointInTime(Instant.EPOCH, Instant.EPOCH), 1);

  private final List<JournalEntry> entries = new ArrayList<>();
  private final List<String> steps = new ArrayList<>();
  private final FakeCut cut = new FakeCut();

  private SnapshotResult take(Journal journal, SnapshotRequest request) {
    return coordinator(journal)
        .start("0badcafe", request)
        .result()
        .toCompletableFuture()
        .orTimeout(20, TimeUnit.SECONDS)
        .join();
  }

  private SnapshotCoordinator coordinator(Journal journal) {
    return SnapshotCoordinator.builder()
        .method(cut)
        .quiescer((order, deadline) ->
            done(
                new QuiesceCheck.Ready(
                    new FakeFreezer(), List.of(), List.of(), false, Optional.empty())))
        .journal(journal)
        .machine(deadline -> done(MACHINE))
        .build();
  }

  /** A second method, so that the disks are not cut at one instant and the machine is paused. */
  private SnapshotResult takePaused(Journal journal, Pauser pauser, SnapshotRequest request) {
    return SnapshotCoordinator.builder()
        .method(cut)
        .method(new Second(cut))
        .pauser(pauser)
        .quiescer((order, deadline) ->
            done(
                new QuiesceCheck.Ready(
                    new FakeFreezer(), List.of(), List.of(), false, Optional.empty())))
        .journal(journal)
        .build()
        .start("0badcafe", request.disk("vda", "fake").disk("vdb", "second"))
        .result()
        .toCompletableFuture()
        .orTimeout(20, TimeUnit.SECONDS)
        .join();
  }

  private Journal recording() {
    return entry -> {
      steps.add("write " + entry.phase());
      entries.add(entry);
    };
  }

  private Journal failingAt(Phase phase) {
    return entry -> {
      if (entry.phase() == phase) {
        throw new UncheckedIOException("no room for " + phase, new IOException("full"));
      }
      recording().write(entry);
    };
  }

  private static <T> CompletionStage<T> done(T value) {
    return CompletableFuture.completedFuture(value);
  }

  private CompletionStage<Void> step(String name) {
    steps.add(name);
    return CompletableFuture.completedFuture(null);
  }

  private JournalEntry at(Phase phase) {
    return entries.stream().filter(entry -> entry.phase() == phase).findFirst().orElseThrow();
  }

  @Test
  void everyStepIsWrittenDownBeforeItIsTaken() {
    // when
    SnapshotResult result = take(recording(), SnapshotRequest.named("nightly"));
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(
        List.of(
            "write RESERVING",
            "reserve",
            "write PREPARING",
            "prepare",
            "write HOLDING",
            "freeze",
            "cut",
            "thaw",
            "write RELEASED",
            "clean",
            "write ENDED"),
        steps);
  }

  @Test
  void theJournalKnowsWhichFilesTheyAreBeforeTheyAreFilled() {
    // when
    take(recording(), SnapshotRequest.named("nightly"));
    // then
    assertEquals(Optional.empty(), file(at(Phase.RESERVING)));
    assertEquals(Optional.of(new FileNumber(1, 42)), file(at(Phase.PREPARING)));
  }

  private static Optional<FileNumber> file(JournalEntry entry) {
    return entry.disks().get(0).belongings().get(0).file();
  }

  @Test
  void anEntrySaysWhatIsOwedToWhichMachine() {
    // when
    take(recording(), SnapshotRequest.named("nightly"));
    // then
    for (JournalEntry entry : entries) {
      assertEquals("0badcafe", entry.operationId());
      assertEquals("nightly", entry.name());
      assertEquals(MACHINE, entry.machine());
      assertEquals(entry.phase() == Phase.HOLDING, entry.thawOwed(), entry::toString);
      assertFalse(entry.resumeOwed());
    }
    JournalEntry end = at(Phase.ENDED);
    assertEquals(GuestState.THAWED, end.ending().orElseThrow().guest());
    assertTrue(end.isSettled(), end::toString);
  }

  @Test
  void whatCouldNotBeRemovedStaysWrittenDown() {
    // given
    cut.cleanFails = true;
    // when
    take(recording(), SnapshotRequest.named("nightly").dryRun(true));
    // then
    JournalEntry end = at(Phase.ENDED);
    assertFalse(end.isSettled());
    assertEquals(1, end.disks().get(0).belongings().size());
  }

  @Test
  void anUnprovedThawStaysOwedInTheJournal() {
    // given
    cut.thawFails = true;
    // when
    SnapshotResult result = take(recording(), impatient());
    // then
    assertEquals(GuestState.MAYBE_FROZEN, result.guest(), result::toString);
    assertTrue(at(Phase.ENDED).thawOwed());
    assertFalse(at(Phase.ENDED).isSettled());
  }

  @Test
  void aResumeThatIsOwedBesideTheThawIsWrittenDownToo() {
    // given
    cut.thawFails = true;
    // when
    SnapshotResult result = takePaused(recording(), new StuckPauser(), impatient());
    // then: nobody could thaw a guest whose machine stands still, were only the thaw owed
    assertEquals(GuestState.MAYBE_FROZEN, result.guest(), result::toString);
    assertTrue(at(Phase.ENDED).thawOwed());
    assertTrue(at(Phase.ENDED).resumeOwed());
    assertTrue(result.error().orElseThrow().message().contains("paused"), result::toString);
  }

  @Test
  void aResumeThatIsOwedAloneOwesNoThaw() {
    // when
    SnapshotResult result = takePaused(recording(), new StuckPauser(), impatient());
    // then
    assertEquals(GuestState.MAYBE_PAUSED, result.guest(), result::toString);
    assertFalse(at(Phase.ENDED).thawOwed());
    assertTrue(at(Phase.ENDED).resumeOwed());
  }

  @Test
  void aMachineThatSomebodyElseHasPausedIsNeitherPausedNorContinued() {
    // given
    var pauser = new StuckPauser(MachineStatus.Kind.PAUSED);
    // when
    SnapshotResult result = takePaused(recording(), pauser, impatient().quiesce(Quiesce.PREFER));
    // then: its disks are cut at one instant all the same, as nothing writes to them
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.CRASH, result.consistency(), result::toString);
    assertFalse(at(Phase.HOLDING).resumeOwed());
  }

  private static SnapshotRequest impatient() {
    return SnapshotRequest.named("nightly")
        .timeout(Duration.ofMillis(300))
        .thawBound(Duration.ofMillis(300));
  }

  @ParameterizedTest
  @EnumSource(
      value = Phase.class,
      names = {"RESERVING", "PREPARING", "HOLDING"})
  void withoutAJournalNothingGoesOn(Phase phase) {
    // when
    SnapshotResult result = take(failingAt(phase), SnapshotRequest.named("nightly"));
    // then
    assertEquals(Outcome.FAILED, result.outcome(), result::toString);
    assertEquals(ErrorCode.JOURNAL_FAILED, result.error().orElseThrow().code());
    assertEquals(GuestState.NEVER_FROZEN, result.guest());
    assertFalse(steps.contains("freeze"), steps::toString);
    assertEquals(phase == Phase.HOLDING, steps.contains("prepare"), steps::toString);
    assertEquals(phase != Phase.RESERVING, steps.contains("reserve"), steps::toString);
    assertEquals(phase != Phase.RESERVING, steps.contains("clean"), steps::toString);
    assertTrue(at(Phase.ENDED).isSettled());
  }

  @Test
  void aFreezeThatIsNeverAnsweredIsNamedAsTheReason() {
    // given
    cut.freezeIsSilent = true;
    var preferred =
        SnapshotRequest.named("nightly")
            .quiesce(Quiesce.PREFER)
            .freezeWindow(Duration.ofMillis(50));
    // when
    SnapshotResult result = take(recording(), preferred);
    // then
    assertEquals(Consistency.CRASH, result.consistency(), result::toString);
    assertTrue(result.reasons().toString().contains("not confirmed"), result::toString);
  }

  @Test
  void aCallerWhoIsInterruptedStopsWaitingAndNothingElse() throws Exception {
    // given: a caller who waits while the guest is held
    cut.answer = new CompletableFuture<>();
    SnapshotOperation operation = coordinator(recording()).start(SnapshotRequest.named("nightly"));
    var ended = new CompletableFuture<Throwable>();
    Thread caller =
        Thread.ofPlatform()
            .start(() -> {
              try {
                operation.result().toCompletableFuture().get();
                ended.complete(new AssertionError("it did not wait"));
              } catch (InterruptedException | ExecutionException e) {
                ended.complete(e);
              }
            });
    // when
    caller.interrupt();
    // then
    assertTrue(ended.get(20, TimeUnit.SECONDS) instanceof InterruptedException);
    // when
    cut.answer.complete(CUT);
    SnapshotResult result = operation.result().toCompletableFuture().get(20, TimeUnit.SECONDS);
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(GuestState.THAWED, result.guest());
  }

  @ParameterizedTest
  @EnumSource(
      value = Phase.class,
      names = {"RELEASED", "ENDED"})
  void afterTheHoldAJournalThatFailsIsAWarning(Phase phase) {
    // when
    SnapshotResult result = take(failingAt(phase), SnapshotRequest.named("nightly"));
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(List.of("no room for " + phase), result.warnings());
  }

  private final class FakeFreezer implements Freezer {
    @Override
    public CompletionStage<FreezeReport> freeze(Deadline deadline) {
      steps.add("freeze");
      if (cut.freezeIsSilent) {
        return new CompletableFuture<>();
      }
      return done(new FreezeReport(1, System.nanoTime(), System.nanoTime()));
    }

    @Override
    public CompletionStage<ThawReport> thaw(Deadline deadline) {
      steps.add("thaw");
      long now = System.nanoTime();
      return cut.thawFails
          ? CompletableFuture.failedFuture(new IllegalStateException("no answer"))
          : done(new ThawReport(Consistency.FILESYSTEM, List.of(), List.of(), now, now));
    }

    @Override
    public void release() {}
  }

  /** Pauses, and never confirms a resume. */
  private record StuckPauser(MachineStatus.Kind before) implements Pauser {
    StuckPauser() {
      this(MachineStatus.Kind.RUNNING);
    }

    @Override
    public CompletionStage<MachineStatus> status(Deadline deadline) {
      return done(new MachineStatus(before, before.toString()));
    }

    @Override
    public CompletionStage<Void> pause(Deadline deadline) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> resume(Deadline deadline) {
      return CompletableFuture.failedFuture(new IllegalStateException("no answer"));
    }
  }

  /** Another method with the same cut. */
  private static final class Second extends IdleMethod {
    private final Cut cut;

    Second(Cut cut) {
      super("second");
      this.cut = cut;
    }

    @Override
    public CompletionStage<Cut> check(CutOrder order, Deadline deadline) {
      return done(cut);
    }
  }

  /** Its one file gets its number when it is reserved, and loses it when it is removed. */
  private final class FakeCut extends IdleMethod {
    private boolean cleanFails;
    private boolean thawFails;
    private boolean freezeIsSilent;
    private volatile CompletableFuture<CutReport> answer = CompletableFuture.completedFuture(CUT);
    private volatile boolean removed;
    private volatile Optional<FileNumber> number = Optional.empty();

    FakeCut() {
      super("fake");
    }

    @Override
    public List<CutDisk> disks() {
      return List.of(CutDisk.named("disk"));
    }

    @Override
    public List<Inventory> inventory() {
      var file = new Belonging(Kind.FILE, "overlay", "/o", number);
      return List.of(
          new Inventory(
              "vda",
              "fake",
              "",
              "/b",
              Optional.empty(),
              Map.of(),
              removed ? List.of() : List.of(file)));
    }

    @Override
    public CompletionStage<Void> reserve(Deadline deadline) {
      number = Optional.of(new FileNumber(1, 42));
      return step("reserve");
    }

    @Override
    public CompletionStage<Void> prepare(Deadline deadline) {
      return step("prepare");
    }

    @Override
    public CompletionStage<CutReport> cut(Deadline deadline) {
      steps.add("cut");
      return answer;
    }

    @Override
    public CompletionStage<Void> undo(Deadline deadline) {
      return step("undo");
    }

    @Override
    public CompletionStage<Void> clean(Deadline deadline) {
      steps.add("clean");
      if (cleanFails) {
        return CompletableFuture.failedFuture(new IllegalStateException("busy"));
      }
      removed = true;
      return CompletableFuture.completedFuture(null);
    }
  }
}
