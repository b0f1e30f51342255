package dev.stillpoint.core.coordinator;

import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezePace;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.core.transaction.Owed;
import dev.stillpoint.core.transaction.Participants;
import dev.stillpoint.core.transaction.Plan;
import dev.stillpoint.core.transaction.Survey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
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
  private final Map<String, SnapshotMethod> methods;
  private final Scribe scribe;

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
      Map<String, SnapshotMethod> methods,
      Scribe scribe) {
    this.id = id;
    this.request = request;
    this.quiescer = quiescer;
    this.pauser = pauser;
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
    Map<String, List<SelectedDisk>> byMethod = new LinkedHashMap<>();
    String standard = methods.keySet().iterator().next();
    if (request.disks().isEmpty()) {
      byMethod.put(standard, List.of());
    }
    for (SelectedDisk disk : request.disks()) {
      byMethod.computeIfAbsent(disk.method().orElse(standard), m -> new ArrayList<>()).add(disk);
    }
    CompletionStage<List<Cut>> checked = CompletableFuture.completedFuture(List.of());
    for (Map.Entry<String, List<SelectedDisk>> entry : byMethod.entrySet()) {
      checked =
          checked.thenCompose(before ->
              checkGroup(entry.getKey(), entry.getValue(), deadline)
                  .thenApply(cut -> joined(before, cut)));
    }
    return checked.thenApply(all -> {
      cuts = new CutGroup(all);
      return cuts;
    });
  }

  private CompletionStage<Cut> checkGroup(
      String method, List<SelectedDisk> disks, Deadline deadline) {
    SnapshotMethod chosen = methods.get(method);
    if (chosen == null) {
      String disk = disks.get(0).name();
      return CompletableFuture.failedFuture(
          new SnapshotException(
              Failure.ofDisk(
                  ErrorCode.BAD_REQUEST,
                  "there is no snapshot method '" + method + "'; known are " + methods.keySet(),
                  disk)));
    }
    return chosen.check(new CutOrder(id, request.name(), disks), deadline);
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
    var notCovered = new ArrayList<>(cuts.notCovered());
    var warnings = new ArrayList<>(cuts.warnings());
    boolean freeze = false;
    Optional<FreezePace> pace = Optional.empty();
    switch (check) {
      case QuiesceCheck.Ready ready -> {
        keep(ready.freezer());
        notCovered.addAll(ready.notCovered());
        warnings.addAll(ready.warnings());
        pace = ready.pace();
        freeze = true;
      }
      case QuiesceCheck.Unavailable none when request.quiesce() == Quiesce.REQUIRE ->
          throw new SnapshotException(none.reason());
      case QuiesceCheck.Unavailable none -> reasons.add(none.reason().message());
      case QuiesceCheck.Refused refused -> throw new SnapshotException(refused.reason());
    }
    // A machine that somebody else has paused writes nothing, and is not ours to continue.
    boolean stands = status.kind() == MachineStatus.Kind.PAUSED;
    boolean pause = !cuts.isOneInstant() && pauser.isPresent() && !stands;
    pauses = pause;
    var plan = new Plan(freeze, pause, pace.isPresent());
    boolean oneInstant = cuts.isOneInstant() || pause || stands;
    return new Survey(plan, pace, oneInstant, reasons, notCovered, warnings);
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
