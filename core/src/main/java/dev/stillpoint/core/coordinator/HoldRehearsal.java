package dev.stillpoint.core.coordinator;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotListener;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.DiskLocator;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.ThawReport;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Runs whole operations with nobody in them, so that every class and lambda on the way from the
 * freeze's reply to the thaw is loaded before a guest stands still for the first time: one of one
 * method, and one of two that pauses the machine as well.
 */
final class HoldRehearsal {
  private static final String NAME = "rehearsal";
  private static final String PAUSING = "pausing-rehearsal";

  /** An operation's id that is nobody's. */
  private static final String NOBODY = "00000000";

  private HoldRehearsal() {}

  /** Rehearses, the first time it is called in this process; waits for it to end. */
  static void once() {
    Lazy.DONE.join();
  }

  private static final class Lazy {
    static final CompletableFuture<Void> DONE = rehearse();

    private static CompletableFuture<Void> rehearse() {
      var one = SnapshotRequest.named(NAME);
      var two =
          SnapshotRequest.named(NAME)
              .disk("one", Nothing.ONE)
              .disk("two", Nothing.TWO)
              // Where the freeze may fail, only a pause makes the two one instant.
              .quiesce(Quiesce.PREFER);
      return run(NAME, one, Optional.empty())
          .thenCompose(done -> run(PAUSING, two, Optional.of(new Standing())))
          .toCompletableFuture();
    }

    private static CompletionStage<Void> run(
        String name, SnapshotRequest request, Optional<Pauser> pauser) {
      var crew =
          new Crew(
              NOBODY,
              request,
              Optional.of(new Nobody()),
              pauser,
              DiskLocator.byName(),
              MethodSet.of(List.of(new Nothing(Nothing.ONE), new Nothing(Nothing.TWO))),
              new Scribe(
                  NOBODY, request, Journal.none(), deadline -> later(MachineIdentity.unknown())));
      return SnapshotCoordinator.launch(name, request, crew, SnapshotListener.none())
          .result()
          .thenApply(result -> null);
    }
  }

  /** Answers later and on another thread, as a real one does. */
  private static <T> CompletionStage<T> later(T value) {
    return CompletableFuture.supplyAsync(() -> value);
  }

  private static final class Nobody implements Quiescer, Freezer {
    @Override
    public CompletionStage<QuiesceCheck> check(QuiesceOrder order, Deadline deadline) {
      return later(new QuiesceCheck.Ready(this, List.of(), List.of(), true, Optional.empty()));
    }

    @Override
    public CompletionStage<FreezeReport> freeze(Deadline deadline) {
      return later(new FreezeReport(1, System.nanoTime(), System.nanoTime()));
    }

    @Override
    public CompletionStage<ThawReport> thaw(Deadline deadline) {
      long now = System.nanoTime();
      return later(new ThawReport(Consistency.FILESYSTEM, List.of(), List.of(), now, now));
    }

    @Override
    public void release() {}
  }

  private static final class Standing implements Pauser {
    @Override
    public CompletionStage<MachineStatus> status(Deadline deadline) {
      return later(new MachineStatus(MachineStatus.Kind.RUNNING, NAME));
    }

    @Override
    public CompletionStage<Void> pause(Deadline deadline) {
      return CompletableFuture.runAsync(() -> {});
    }

    @Override
    public CompletionStage<Void> resume(Deadline deadline) {
      return CompletableFuture.runAsync(() -> {});
    }
  }

  private record Nothing(String name) implements SnapshotMethod, Cut {
    static final String ONE = "nothing";
    static final String TWO = "nothing-else";

    @Override
    public MethodTraits traits() {
      return new MethodTraits(MethodTraits.Span.GROUP, Duration.ZERO, true, Set.of(), Set.of());
    }

    @Override
    public CompletionStage<Cut> check(dev.stillpoint.core.spi.CutOrder order, Deadline deadline) {
      return later(this);
    }

    @Override
    public List<CutDisk> disks() {
      return List.of();
    }

    @Override
    public List<String> notCovered() {
      return List.of();
    }

    @Override
    public List<String> warnings() {
      return List.of();
    }

    @Override
    public boolean isOneInstant() {
      return true;
    }

    @Override
    public Duration expectedTime() {
      return Duration.ZERO;
    }

    @Override
    public List<Inventory> inventory() {
      return List.of();
    }

    @Override
    public CompletionStage<Void> reserve(Deadline deadline) {
      return CompletableFuture.runAsync(() -> {});
    }

    @Override
    public CompletionStage<Void> prepare(Deadline deadline) {
      return CompletableFuture.runAsync(() -> {});
    }

    @Override
    public CompletionStage<CutReport> cut(Deadline deadline) {
      Instant now = Instant.now();
      return later(new CutReport(new PointInTime(now, now), 1));
    }

    @Override
    public CompletionStage<Settlement> settle(Deadline deadline) {
      return later(new Settlement(Settlement.State.APPLIED, List.of(), List.of()));
    }

    @Override
    public CompletionStage<Void> undo(Deadline deadline) {
      return CompletableFuture.runAsync(() -> {});
    }

    @Override
    public CompletionStage<Void> clean(Deadline deadline) {
      return CompletableFuture.runAsync(() -> {});
    }
  }
}
