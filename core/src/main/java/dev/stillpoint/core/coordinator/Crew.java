package dev.stillpoint.core.coordinator;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.Pausing;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutGroup;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.DiskLocator;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezePace;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.core.transaction.Owed;
import dev.stillpoint.core.transaction.Participants;
import dev.stillpoint.core.transaction.Plan;
import dev.stillpoint.core.transaction.Survey;
import dev.stillpoint.core.transaction.Survey.Together;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Everybody who takes part in one operation: the quiescer, the pauser and the methods' cuts. */
final class Crew implements Participants {
  private final String id;
  private final SnapshotRequest request;
  private final Optional<Quiescer> quiescer;
  private final Optional<Pauser> pauser;
  private final DiskLocator locator;
  private final MethodSet methods;
  private final Scribe scribe;

  private volatile DiskLocator.Located located =
      new DiskLocator.Located(List.of(), List.of(), List.of());
  private volatile CutGroup cuts = new CutGroup(List.of());
  private volatile boolean pauses;
  private volatile boolean begun;
  private volatile @Nullable Freezer freezer;
  private boolean released;

  Crew(
      String id,
      SnapshotRequest request,
      Optional<Quiescer> quiescer,
      Optional<Pauser> pauser,
      DiskLocator locator,
      MethodSet methods,
      Scribe scribe) {
    this.id = id;
    this.request = request;
    this.quiescer = quiescer;
    this.pauser = pauser;
    this.locator = locator;
    this.methods = methods;
    this.scribe = scribe;
  }

  @Override
  public CompletionStage<Survey> check(Deadline deadline) {
    return scribe
        .look(deadline)
        .thenCompose(known -> machineStatus(deadline))
        .thenCompose(status ->
            checkCuts(deadline)
                .thenCompose(
                    group -> checkQuiesce(status, deadline).thenApply(q -> plan(status, q))));
  }

  private CompletionStage<MachineStatus> machineStatus(Deadline deadline) {
    return pauser
        .map(p -> p.status(deadline))
        .orElseGet(() ->
            CompletableFuture.completedFuture(
                new MachineStatus(MachineStatus.Kind.RUNNING, "not asked")))
        .thenApply(this::acceptable);
  }

  private MachineStatus acceptable(MachineStatus status) {
    boolean refused =
        switch (status.kind()) {
          case RUNNING -> false;
          case PAUSED -> request.quiesce() == Quiesce.REQUIRE;
          case UNFIT -> true;
        };
    if (refused) {
      throw new SnapshotException(
          Failure.of(
              ErrorCode.MACHINE_NOT_READY,
              status.kind() == MachineStatus.Kind.PAUSED
                  ? "the machine is paused (" + status.detail() + "), so its guest cannot freeze"
                  : "the machine cannot be cut now: " + status.detail()));
    }
    return status;
  }

  private CompletionStage<CutGroup> checkCuts(Deadline deadline) {
    return locator
        .locate(request.disks(), deadline)
        .thenCompose(found -> {
          located = found;
          return checkCuts(found.disks(), deadline);
        });
  }

  private CompletionStage<CutGroup> checkCuts(List<LocatedDisk> disks, Deadline deadline) {
    CompletionStage<List<Cut>> checked = CompletableFuture.completedFuture(List.of());
    for (Map.Entry<String, List<LocatedDisk>> entry : methods.grouped(disks).entrySet()) {
      checked =
          checked.thenCompose(before ->
              checkGroup(entry.getKey(), entry.getValue(), deadline)
                  .thenApply(cut -> joined(before, cut)));
    }
    return checked.thenApply(all -> {
      cuts = CutGroup.of(all);
      return cuts;
    });
  }

  private CompletionStage<Cut> checkGroup(
      String method, List<LocatedDisk> disks, Deadline deadline) {
    String disk = disks.isEmpty() ? "" : disks.get(0).name();
    return methods.require(method, disk).check(new CutOrder(id, request.name(), disks), deadline);
  }

  private static List<Cut> joined(List<Cut> before, Cut more) {
    var all = new ArrayList<>(before);
    all.add(more);
    return List.copyOf(all);
  }

  private CompletionStage<QuiesceCheck> checkQuiesce(MachineStatus status, Deadline deadline) {
    if (request.quiesce() == Quiesce.NEVER) {
      return unavailable("quiescing was not asked for");
    }
    if (status.kind() == MachineStatus.Kind.PAUSED) {
      return unavailable("the machine is paused (" + status.detail() + ")");
    }
    if (quiescer.isEmpty()) {
      return unavailable("no guest agent was named");
    }
    return quiescer
        .get()
        .check(new QuiesceOrder(request.scope(), cuts.disks()), deadline)
        .exceptionally(thrown ->
            new QuiesceCheck.Unavailable(
                SnapshotException.failureOf(thrown, ErrorCode.AGENT_UNAVAILABLE)));
  }

  private static CompletionStage<QuiesceCheck> unavailable(String why) {
    return CompletableFuture.completedFuture(
        new QuiesceCheck.Unavailable(Failure.of(ErrorCode.AGENT_UNAVAILABLE, why)));
  }

  private Survey plan(MachineStatus status, QuiesceCheck check) {
    var reasons = new ArrayList<String>();
    var notCovered = new ArrayList<>(located.notCovered());
    var warnings = new ArrayList<>(located.warnings());
    notCovered.addAll(cuts.notCovered());
    warnings.addAll(cuts.warnings());
    Optional<QuiesceCheck.Ready> ready = accepted(check, reasons);
    ready.ifPresent(one -> {
      keep(one.freezer());
      notCovered.addAll(one.notCovered());
      warnings.addAll(one.warnings());
    });
    Together together = together(status, ready);
    boolean pause = pauses(status, ready);
    if (ready.isPresent() || pause) {
      requireTime();
    }
    pauses = pause;
    Optional<FreezePace> pace = ready.flatMap(QuiesceCheck.Ready::pace);
    var plan = new Plan(ready.isPresent(), pause, pace.isPresent());
    return new Survey(plan, pace, together, reasons, notCovered, warnings);
  }

  private Optional<QuiesceCheck.Ready> accepted(QuiesceCheck check, List<String> reasons) {
    return switch (check) {
      case QuiesceCheck.Ready ready -> Optional.of(ready);
      case QuiesceCheck.Unavailable none when request.quiesce() == Quiesce.REQUIRE ->
          throw new SnapshotException(none.reason());
      case QuiesceCheck.Unavailable none -> {
        reasons.add(none.reason().message());
        yield Optional.empty();
      }
      case QuiesceCheck.Refused refused -> throw new SnapshotException(refused.reason());
    };
  }

  /** A cut that cannot be done in time is known beforehand, and nobody is frozen for it. */
  private void requireTime() {
    Duration expected = cuts.expectedTime();
    if (expected.compareTo(request.freezeWindow()) >= 0) {
      throw new SnapshotException(
          Failure.of(
              ErrorCode.WINDOW_EXCEEDED,
              "the cut is expected to take "
                  + expected.toMillis()
                  + " ms, and the freeze window is "
                  + request.freezeWindow().toMillis()
                  + " ms"));
    }
  }

  private boolean pauses(MachineStatus status, Optional<QuiesceCheck.Ready> ready) {
    return !cuts.isOneInstant()
        && !stands(status)
        && pauser.isPresent()
        && request.pausing() == Pausing.ALLOWED
        && !restsWhenFrozen(ready);
  }

  /** A machine that somebody else has paused writes nothing, and is not ours to continue. */
  private static boolean stands(MachineStatus status) {
    return status.kind() == MachineStatus.Kind.PAUSED;
  }

  /** With {@code prefer} the cut goes on where the freeze fails, and then nothing is at rest. */
  private boolean restsWhenFrozen(Optional<QuiesceCheck.Ready> ready) {
    return request.quiesce() == Quiesce.REQUIRE
        && ready.filter(QuiesceCheck.Ready::everyWriter).isPresent();
  }

  private Together together(MachineStatus status, Optional<QuiesceCheck.Ready> ready) {
    if (cuts.isOneInstant() || stands(status) || pauses(status, ready)) {
      return Together.ONE_INSTANT;
    }
    boolean still = ready.filter(QuiesceCheck.Ready::everyWriter).isPresent();
    return still ? Together.WHILE_FROZEN : Together.APART;
  }

  @Override
  public void write(Journal.Phase phase, Owed owed, Optional<JournalEntry.Ending> ending) {
    List<Inventory> made = cuts.inventory();
    // At the end, what was planned and never begun is nothing that could be left over.
    scribe.write(
        phase,
        owed,
        ending.isPresent() && !begun ? made.stream().map(Inventory::emptied).toList() : made,
        ending);
  }

  @Override
  public CompletionStage<Void> reserve(Deadline deadline) {
    begun = true;
    return cuts.reserve(deadline);
  }

  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    CompletionStage<Void> prepared = cuts.prepare(deadline);
    if (request.dryRun()) {
      return prepared;
    }
    Freezer ready = freezer;
    if (ready != null) {
      prepared = prepared.thenCompose(done -> ready.prepare(deadline));
    }
    return pauses ? prepared.thenCompose(done -> pauser.orElseThrow().prepare(deadline)) : prepared;
  }

  @Override
  public CompletionStage<FreezeReport> freeze(Deadline deadline) {
    Freezer ready = freezer;
    return ready == null
        ? CompletableFuture.failedFuture(
            FreezeException.notWritten(
                Failure.of(ErrorCode.INTERNAL, "a freeze was asked for without a freezer")))
        : ready.freeze(deadline);
  }

  @Override
  public CompletionStage<Void> pause(Deadline deadline) {
    return pauser.orElseThrow().pause(deadline);
  }

  @Override
  public CompletionStage<CutReport> cut(Deadline deadline) {
    return cuts.cut(deadline);
  }

  @Override
  public CompletionStage<Void> resume(Deadline deadline) {
    return pauser.orElseThrow().resume(deadline);
  }

  @Override
  public CompletionStage<ThawReport> thaw(Deadline deadline) {
    Freezer ready = freezer;
    return ready == null
        ? CompletableFuture.failedFuture(new IllegalStateException("nobody froze the guest"))
        : ready.thaw(deadline);
  }

  @Override
  public CompletionStage<Settlement> settle(Deadline deadline) {
    return cuts.settle(deadline);
  }

  @Override
  public CompletionStage<Void> undo(Deadline deadline) {
    return cuts.undo(deadline);
  }

  @Override
  public CompletionStage<Void> clean(Deadline deadline) {
    return cuts.clean(deadline);
  }

  @Override
  public Optional<String> pauseDoubt() {
    return pauser.flatMap(Pauser::doubt);
  }

  /** A check that ends after its operation has nobody left to let go of what it holds. */
  private synchronized void keep(Freezer ready) {
    freezer = ready;
    if (released) {
      ready.release();
    }
  }

  @Override
  public synchronized void release() {
    released = true;
    Freezer ready = freezer;
    if (ready != null) {
      ready.release();
    }
  }
}
