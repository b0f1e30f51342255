package dev.stillpoint.backends;

import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.backends.guest.MonitorPauser;
import dev.stillpoint.backends.journal.JournalFile;
import dev.stillpoint.backends.qemu.FileRemains;
import dev.stillpoint.backends.qemu.QemuRemains;
import dev.stillpoint.backends.qemu.QemuWay;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.JournalEntry.Ending;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/** Recovers one operation, whose machine's locks are held meanwhile. Used once, by one thread. */
final class OperationRecovery {
  /** How long QEMU may take over the questions and removals after the thaw. */
  private static final Duration GRAPH_BOUND = Duration.ofSeconds(30);

  /** What the guest has written since the cut may be much. */
  private static final Duration UNDO_BOUND = Duration.ofMinutes(10);

  /** QEMU's word for a machine that somebody has stopped. */
  private static final String PAUSED = "paused";

  private final Recovery recovery;
  private final JournalFile file;
  private final List<String> done = new ArrayList<>();
  private final List<String> left = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private List<DiskSnapshot> applied = List.of();
  private JournalEntry entry;
  private boolean nothingOwed;

  OperationRecovery(Recovery recovery, JournalFile file, JournalEntry entry) {
    this.recovery = recovery;
    this.file = file;
    this.entry = entry;
  }

  RecoveredOperation recover() {
    try (var monitor = MonitorReach.of(entry.machine())) {
      if (owesAnything() && monitor.life() != MachineLife.GONE) {
        try {
          letGo(monitor);
        } catch (SnapshotException e) {
          left.add(e.failure().message());
          listWhereabouts();
          return told(State.MAYBE_FROZEN);
        }
      } else if (owesAnything()) {
        owedToNobody();
      }
      try {
        judgeDisks(monitor);
      } catch (RuntimeException e) {
        left.add("it could not be found out what became of the cut: " + e.getMessage());
        listWhereabouts();
      }
    }
    if (!left.isEmpty()) {
      return told(stillOwed() ? State.MAYBE_FROZEN : State.LEFT);
    }
    if (recovery.dryRun()) {
      return told(stillOwed() ? State.MAYBE_FROZEN : State.PENDING);
    }
    settle();
    return told(State.SETTLED);
  }

  /** A line that cannot be read may have said that the guest was about to be frozen. */
  private boolean isDoubtful() {
    return file.damaged() > 0;
  }

  private boolean owesThaw() {
    boolean mayBeFrozen = entry.thawOwed() || entry.resumeOwed() || isDoubtful();
    return mayBeFrozen && entry.machine().agent().isPresent();
  }

  private boolean owesAnything() {
    return owesThaw() || entry.thawOwed() || entry.resumeOwed();
  }

  private boolean stillOwed() {
    return recovery.dryRun() && owesAnything() && !nothingOwed;
  }

  private void owedToNobody() {
    nothingOwed = true;
    notes.add("that life of the machine is over, and what was owed to its guest with it");
  }

  /** Resumes, then thaws: a machine that stands still has no agent that could answer. */
  private void letGo(MonitorReach monitor) {
    if (recovery.dryRun()) {
      if (entry.resumeOwed()) {
        done.add("would resume the machine, if it is paused");
      }
      if (owesThaw()) {
        done.add("would thaw the guest");
      }
      return;
    }
    Deadline until = Deadline.after(recovery.thawBound());
    Optional<SnapshotException> paused = Optional.empty();
    if (entry.resumeOwed()) {
      paused = resume(monitor, until);
    }
    if (owesThaw()) {
      Endpoint agent = Endpoint.parse(entry.machine().agent().orElseThrow());
      boolean thawed =
          new OwedThaw(entry.operationId(), entry.machine(), agent).pursue(until, notes);
      if (thawed) {
        done.add("thawed the guest");
      } else {
        monitor.foundGone();
        owedToNobody();
        return;
      }
    }
    if (paused.isPresent()) {
      throw paused.get();
    }
    nothingOwed = true;
    if (entry.thawOwed() || entry.resumeOwed()) {
      entry = entryWith(Journal.Phase.RELEASED, entry.disks(), Optional.empty());
      recovery.journal().write(entry);
    }
  }

  /** The failure, which does not keep the thaw from being tried. */
  private Optional<SnapshotException> resume(MonitorReach monitor, Deadline until) {
    try {
      var pauser = new MonitorPauser(monitor.require());
      MachineStatus status = pauser.status(until).toCompletableFuture().join();
      if (status.kind() == MachineStatus.Kind.PAUSED && !status.detail().equals(PAUSED)) {
        notes.add("the machine stands still for a reason of its own: " + status.detail());
      } else if (status.kind() == MachineStatus.Kind.PAUSED) {
        pauser.resume(until).toCompletableFuture().join();
        done.add("resumed the machine");
      }
      return Optional.empty();
    } catch (CompletionException | SnapshotException e) {
      String why = SnapshotException.failureOf(e, ErrorCode.RESUME_NOT_PROVED).message();
      return Optional.of(
          new SnapshotException(
              Failure.of(
                  ErrorCode.RESUME_NOT_PROVED,
                  "the machine may be paused: no resume could be confirmed: " + why),
              e));
    }
  }

  private void judgeDisks(MonitorReach monitor) {
    List<Inventory> unknown =
        entry.disks().stream()
            .filter(disk -> !disk.belongings().isEmpty() && !QemuRemains.knows(disk))
            .toList();
    for (Inventory disk : unknown) {
      left.add(
          "disk "
              + disk.disk()
              + ": what the method "
              + disk.method()
              + " has made of "
              + disk.source()
              + " cannot be judged: "
              + disk.belongings());
    }
    List<Inventory> ours =
        entry.disks().stream()
            .filter(disk -> !disk.belongings().isEmpty() && QemuRemains.knows(disk))
            .toList();
    if (ours.isEmpty()) {
      return;
    }
    var files = new FileRemains(ours, entry.at());
    for (Path path : files.foreign()) {
      notes.add(path + " is not the file that the operation made; it is left alone");
    }
    switch (monitor.life()) {
      case SAME -> inMachine(monitor, new QemuRemains(monitor.require(), ours), files, ours);
      case GONE -> afterMachine(monitor, files, ours);
      case UNKNOWN -> {
        left.add("the machine does not tell what became of the cut: " + monitor.reason());
        listWhereabouts();
      }
    }
  }

  private void inMachine(
      MonitorReach monitor, QemuRemains remains, FileRemains files, List<Inventory> disks) {
    Deadline deadline = Deadline.after(GRAPH_BOUND);
    QemuRemains.Finding found = remains.find(deadline);
    switch (found.cut()) {
      case ALL -> {
        applied = found.applied();
        notes.add("how consistent the cut is was not proved: take it for crash-consistent");
      }
      case NONE -> notApplied(monitor, remains, files, disks);
      case PARTLY -> {
        left.add(
            "only "
                + found.applied().size()
                + " of "
                + disks.size()
                + " disks write to their overlays; nothing was removed");
        listWhereabouts(found.applied().stream().map(DiskSnapshot::disk).toList());
      }
      case BEING_UNDONE -> beingUndone(monitor, remains, files, disks);
    }
  }

  /** The images change below the machine already, so that no point in time is left to keep. */
  private void beingUndone(
      MonitorReach monitor, QemuRemains remains, FileRemains files, List<Inventory> disks) {
    if (recovery.dryRun()) {
      done.add("would go on taking the cut back, and remove what was made for it");
      return;
    }
    left.addAll(remains.takeBack(done, Deadline.after(UNDO_BOUND)));
    if (left.isEmpty()) {
      notApplied(monitor, remains, files, disks);
    } else {
      left.add("the cut was being taken back, and its images are no point in time any more");
      listWhereabouts();
    }
  }

  private void notApplied(
      MonitorReach monitor, QemuRemains remains, FileRemains files, List<Inventory> disks) {
    Deadline deadline = Deadline.after(GRAPH_BOUND);
    List<String> present = remains.present(deadline);
    if (!wasNeverCut() && present.isEmpty() && !mayTrust(monitor, disks)) {
      nameNewest(files, disks);
      return;
    }
    if (recovery.dryRun()) {
      present.forEach(one -> done.add("would remove the " + one));
      files.present().forEach(path -> done.add("would remove the file " + path));
      return;
    }
    if (!wasNeverCut()) {
      // Once the nodes are gone nothing proves it any more, and somebody may have to go on here.
      entry = entryWith(Journal.Phase.ENDED, entry.disks(), Optional.of(ending(Outcome.FAILED)));
      recovery.journal().write(entry);
    }
    left.addAll(remains.remove(done, deadline));
    if (left.isEmpty()) {
      left.addAll(files.remove(path -> remains.uses(path, deadline), done));
    } else {
      listWhereabouts();
    }
  }

  /**
   * Whether a graph without anything of ours is that of the machine which we worked on, and not of
   * a later life of it that was started from the old images. Prepared overlays would be there; for
   * the others the process behind the socket has to do.
   */
  private static boolean mayTrust(MonitorReach monitor, List<Inventory> disks) {
    boolean prepared =
        disks.stream().anyMatch(disk -> disk.way().equals(QemuWay.PREPARED.toString()));
    return !prepared && monitor.isSameProcess();
  }

  /** The graph has gone with the machine: what is left are files, and when the operation ended. */
  private void afterMachine(MonitorReach monitor, FileRemains files, List<Inventory> disks) {
    Deadline deadline = Deadline.after(GRAPH_BOUND);
    Optional<QemuRemains> next = monitor.client().map(client -> new QemuRemains(client, disks));
    if (next.isPresent()) {
      QemuRemains.Finding found = next.get().find(deadline);
      if (found.cut() == QemuRemains.Cut.ALL) {
        notes.add("the machine was started anew, on the new images");
        applied = found.applied();
        return;
      }
    }
    if (!wasNeverCut()) {
      nameNewest(files, disks);
      return;
    }
    if (recovery.dryRun()) {
      files.present().forEach(path -> done.add("would remove the file " + path));
      return;
    }
    left.addAll(files.remove(path -> next.isPresent() && next.get().uses(path, deadline), done));
  }

  /** Before the hold nothing is cut; and one that failed had found out that nothing is. */
  private boolean wasNeverCut() {
    boolean failed =
        entry
            .ending()
            .map(Ending::outcome)
            .filter(outcome -> outcome == Outcome.FAILED || outcome == Outcome.CANCELLED)
            .isPresent();
    boolean early = !isDoubtful() && entry.phase().compareTo(Journal.Phase.HOLDING) < 0;
    return early || (entry.phase() == Journal.Phase.ENDED && failed);
  }

  private void nameNewest(FileRemains files, List<Inventory> disks) {
    for (Inventory disk : disks) {
      files.present(disk).forEach(overlay -> left.add(newestData(disk, overlay)));
    }
  }

  private static String newestData(Inventory disk, Path overlay) {
    return "disk "
        + disk.disk()
        + ": that life of the machine is over, and nobody can tell whether it wrote to the overlay "
        + overlay
        + " or to "
        + disk.source()
        + "; if it was cut, the newest data is in the overlay, and is whole only together with "
        + disk.source()
        + "; else that one has it all. Keep both until you know";
  }

  private void listWhereabouts() {
    listWhereabouts(List.of());
  }

  private void listWhereabouts(List<String> cut) {
    for (Inventory disk : entry.disks()) {
      QemuRemains.overlayOf(disk)
          .ifPresent(overlay ->
              left.add(
                  "disk "
                      + disk.disk()
                      + ": source "
                      + disk.source()
                      + ", overlay "
                      + overlay
                      + (cut.contains(disk.disk()) ? " (the machine writes to it)" : "")));
    }
  }

  private void settle() {
    entry =
        entryWith(
            Journal.Phase.ENDED,
            entry.disks().stream().map(Inventory::emptied).toList(),
            Optional.of(ending(applied.isEmpty() ? Outcome.FAILED : Outcome.SUCCEEDED)));
    recovery.journal().write(entry);
  }

  private Ending ending(Outcome outcome) {
    GuestState guest = nothingOwed ? GuestState.THAWED : GuestState.NEVER_FROZEN;
    return new Ending(outcome, guest, Optional.empty());
  }

  private JournalEntry entryWith(
      Journal.Phase phase, List<Inventory> disks, Optional<Ending> ending) {
    return new JournalEntry(
        entry.operationId(),
        entry.kind(),
        entry.name(),
        phase,
        Instant.now(),
        entry.deadline(),
        entry.machine(),
        disks,
        false,
        false,
        ending);
  }

  private RecoveredOperation told(State state) {
    return new RecoveredOperation(
        entry.operationId(), Recovery.what(entry), file.path(), state, applied, done, left, notes);
  }
}
