package dev.stillpoint.backends;

import dev.stillpoint.backends.qemu.FileRemains;
import dev.stillpoint.backends.qemu.QemuRemains;
import dev.stillpoint.backends.qemu.QemuUndo;
import dev.stillpoint.backends.qemu.QemuWay;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * What became of the cut of an operation that did not end, and what is made of it: a cut that was
 * applied is handed over, one that was being taken back is taken back, and of one that was not
 * applied everything is removed. Where none of that is shown, nothing is touched. Used once.
 */
final class OwedDisks {
  /** How long QEMU may take over the questions and the removals. */
  private static final Duration GRAPH_BOUND = Duration.ofSeconds(30);

  /** Of what one command has cut. */
  static final String CRASH =
      "how consistent the cut is was not proved: take it for crash-consistent";

  private final Recovery recovery;
  private final RecoveryRecord record;
  private final RecoveryAccount account;
  private final BooleanSupplier stop;
  private final MonitorReach monitor;
  private final List<Inventory> disks;
  private final FileRemains files;

  OwedDisks(
      Recovery recovery,
      RecoveryRecord record,
      RecoveryAccount account,
      BooleanSupplier stop,
      MonitorReach monitor) {
    this.recovery = recovery;
    this.record = record;
    this.account = account;
    this.stop = stop;
    this.monitor = monitor;
    this.disks =
        record.entry().disks().stream()
            .filter(disk -> !disk.belongings().isEmpty() && QemuRemains.knows(disk))
            .toList();
    this.files = new FileRemains(disks, record.file().planned(), record.file().numbered());
  }

  void judge() {
    if (disks.isEmpty()) {
      return;
    }
    for (Path path : files.foreign()) {
      account.notes.add(path + " is not the file that the operation made; it is left alone");
    }
    for (Path path : files.doubtful()) {
      account.left.add(
          "file "
              + path
              + ": its file system has another number than when it was made (a remount, a restart of"
              + " the host); it is most likely the operation's, and nothing shows it");
    }
    switch (monitor.life()) {
      case SAME -> inMachine(new QemuRemains(monitor.require(), disks));
      case GONE -> afterMachine();
      case UNKNOWN -> {
        account.left.add("the machine does not tell what became of the cut: " + monitor.reason());
        listWhereabouts(List.of());
      }
    }
  }

  private void inMachine(QemuRemains remains) {
    QemuRemains.Finding found = remains.find(Deadline.after(GRAPH_BOUND));
    if ((record.undoBegun() || found.undoBegun()) && !record.wasNeverCut()) {
      takeBack(remains, found);
      return;
    }
    switch (found.cut()) {
      case ALL -> {
        account.applied = found.applied();
        account.notes.add(CRASH);
      }
      case NONE -> notApplied(remains);
      case PARTLY -> {
        account.left.add(
            "only "
                + found.applied().size()
                + " of "
                + disks.size()
                + " disks write to their overlays; nothing was removed");
        listWhereabouts(found.applied());
      }
      case UNSEEN -> unseen(remains, found);
    }
  }

  /** Whoever decided it is dead; what was decided is in the journal, or in a job of its name. */
  private void takeBack(QemuRemains remains, QemuRemains.Finding found) {
    Deadline deadline = Deadline.after(recovery.undoBound());
    var undo = new QemuUndo(monitor.require(), disks, stop);
    List<String> obstacles = undo.obstacles(deadline);
    if (!obstacles.isEmpty()) {
      account.left.add(
          "the cut was being taken back, which cannot be gone on with; the images below the overlays"
              + " are no point in time any more");
      account.left.addAll(obstacles);
      listWhereabouts(found.applied());
      return;
    }
    if (recovery.dryRun()) {
      undo.steps(deadline).forEach(step -> account.done.add("would " + step));
      tellRemovals(remains.present(deadline));
      return;
    }
    record.undoing();
    List<String> failed = undo.run(account.done, deadline);
    if (!failed.isEmpty()) {
      account.left.addAll(failed);
      account.left.add("what was not taken back yet is taken back by the next 'recover'");
      listWhereabouts(remains.find(Deadline.after(GRAPH_BOUND)).applied());
      return;
    }
    remove(remains);
  }

  /** A disk that the machine does not have may have been cut, and unplugged since. */
  private void unseen(QemuRemains remains, QemuRemains.Finding found) {
    if (record.wasNeverCut()) {
      remove(remains);
      return;
    }
    if (remains.present(Deadline.after(GRAPH_BOUND)).isEmpty() && !isTrusted()) {
      nameNewest();
      return;
    }
    account.left.add(
        "the machine does not have "
            + String.join(", ", found.unseen())
            + " any more, so that it cannot be told whether it wrote to the overlay; nothing was"
            + " removed");
    listWhereabouts(List.of());
  }

  private void notApplied(QemuRemains remains) {
    boolean anythingOfOurs = !remains.present(Deadline.after(GRAPH_BOUND)).isEmpty();
    if (!record.wasNeverCut() && !anythingOfOurs && !isTrusted()) {
      nameNewest();
      return;
    }
    remove(remains);
  }

  /**
   * Whether a graph without anything of ours is that of the machine which we worked on, and not of
   * a later life of it that was started from the old images. Prepared overlays would be there; for
   * the others the process behind the socket has to do.
   */
  private boolean isTrusted() {
    boolean prepared =
        disks.stream().anyMatch(disk -> disk.way().equals(QemuWay.PREPARED.toString()));
    return !prepared && monitor.isSameProcess();
  }

  private void remove(QemuRemains remains) {
    Deadline deadline = Deadline.after(GRAPH_BOUND);
    if (recovery.dryRun()) {
      tellRemovals(remains.present(deadline));
      return;
    }
    // Once the nodes are gone nothing proves it any more, and somebody may have to go on here.
    record.notApplied();
    List<String> kept = remains.remove(account.done, deadline);
    account.left.addAll(kept);
    if (kept.isEmpty()) {
      account.left.addAll(files.remove(path -> remains.uses(path, deadline), account.done));
    } else {
      listWhereabouts(List.of());
    }
  }

  private void tellRemovals(List<String> present) {
    present.forEach(one -> account.done.add("would remove the " + one));
    files.present().forEach(path -> account.done.add("would remove the file " + path));
  }

  /** The graph has gone with the machine: what is left are files, and when the operation ended. */
  private void afterMachine() {
    Deadline deadline = Deadline.after(GRAPH_BOUND);
    Optional<QemuRemains> next = monitor.client().map(client -> new QemuRemains(client, disks));
    if (next.isPresent() && !record.undoBegun() && !monitor.isAnotherMachine()) {
      QemuRemains.Finding found = next.get().find(deadline);
      if (found.cut() == QemuRemains.Cut.ALL) {
        account.notes.add("the machine was started anew, on the new images");
        account.applied = found.applied();
        return;
      }
    }
    if (!record.wasNeverCut()) {
      nameNewest();
      return;
    }
    if (recovery.dryRun()) {
      tellRemovals(List.of());
      return;
    }
    account.left.addAll(
        files.remove(path -> next.isPresent() && next.get().uses(path, deadline), account.done));
  }

  private void nameNewest() {
    for (Inventory disk : disks) {
      files
          .present(disk)
          .forEach(overlay ->
              account.left.add(
                  record.undoBegun() ? halfUndone(disk, overlay) : newestData(disk, overlay)));
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

  private static String halfUndone(Inventory disk, Path overlay) {
    return "disk "
        + disk.disk()
        + ": that life of the machine ended while its cut was being taken back; if "
        + disk.source()
        + " was the last to be written, the way back had ended and the overlay "
        + overlay
        + " is of no use; else the newest data is in the overlay together with "
        + disk.source()
        + ". Keep both until you know; neither is a point in time";
  }

  /** Source and overlay of each disk, and which of them the machine writes to. */
  void listWhereabouts(List<DiskSnapshot> cut) {
    List<String> names = cut.stream().map(DiskSnapshot::disk).toList();
    for (Inventory disk : record.entry().disks()) {
      QemuRemains.overlayOf(disk)
          .ifPresent(overlay ->
              account.left.add(
                  "disk "
                      + disk.disk()
                      + ": source "
                      + disk.source()
                      + ", overlay "
                      + overlay
                      + (names.contains(disk.disk()) ? " (the machine writes to it)" : "")));
    }
  }
}
