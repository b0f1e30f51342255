package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.address.ToldName;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.backends.qemu.block.OpenImages;
import dev.stillpoint.backends.qemu.overlay.OverlayCommit;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.qapi.JobInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Takes a cut back that somebody else had begun to take back, wherever that one stopped: a job that
 * runs is waited for, one that is ready is completed, one that has ended is forgotten, and a disk
 * that still writes to its overlay gets a job. Methods wait for QEMU's answers.
 */
public final class QemuUndo {
  private final Monitor monitor;
  private final List<Inventory> disks;
  private final BooleanSupplier stop;

  /**
   * The way back of these disks, whose cut is known to be on its way back; the client stays the
   * caller's.
   *
   * @param stop asked between the steps, and while waiting; what QEMU does meanwhile goes on there
   */
  public QemuUndo(QmpClient client, List<Inventory> disks, BooleanSupplier stop) {
    this.monitor = new Monitor(client);
    this.disks = List.copyOf(disks);
    this.stop = stop;
  }

  /** What speaks against going on, disk by disk; only without any may {@link #run} be called. */
  public List<String> obstacles(Deadline deadline) {
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    List<String> found = new ArrayList<>();
    for (Inventory disk : disks) {
      obstacle(graph, disk).ifPresent(why -> found.add("disk " + disk.disk() + ": " + why));
    }
    return found;
  }

  private Optional<String> obstacle(BlockGraph graph, Inventory disk) {
    return switch (DiskPlace.of(graph, disk)) {
      case SOURCE -> Optional.empty();
      case NOWHERE -> Optional.of("the machine does not have it any more");
      case ABOVE -> Optional.of("the machine writes to an image above the overlay");
      case OVERLAY ->
          isOnSource(graph, disk)
              ? OpenImages.trouble(monitor.qemu(), disk.source())
              : Optional.of("below the overlay is another image than " + disk.source());
    };
  }

  private static boolean isOnSource(BlockGraph graph, Inventory disk) {
    return DiskPlace.userOfOverlay(graph, disk)
            .map(user -> user.node().image().backingImage())
            .map(graph::nameOf)
            .filter(below -> ToldName.isSame(below, disk.source()))
            .isPresent()
        && disk.node().filter(graph::hasNode).isPresent();
  }

  /** What is to be done, in words. */
  public List<String> steps(Deadline deadline) {
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    return disks.stream()
        .filter(disk -> DiskPlace.of(graph, disk) == DiskPlace.OVERLAY)
        .map(disk ->
            "take back the cut of the disk "
                + disk.disk()
                + commit(disk)
                    .now(deadline)
                    .map(job -> " (the job " + job.id() + " is " + job.status() + ")")
                    .orElse(""))
        .toList();
  }

  /**
   * Goes on until the machine writes to the images below again; stops at the first disk that cannot
   * be taken back.
   *
   * @param done hears of each disk
   * @return why not all are, empty when they are
   */
  public List<String> run(List<String> done, Deadline deadline) {
    for (Inventory disk : disks) {
      if (stop.getAsBoolean()) {
        return List.of("disk " + disk.disk() + ": asked to stop before it was taken back");
      }
      try {
        if (takeBack(disk, deadline)) {
          done.add(
              "took back the cut of the disk "
                  + disk.disk()
                  + ": the machine writes to "
                  + disk.source());
        }
      } catch (RuntimeException e) {
        return List.of(
            "disk " + disk.disk() + ": its cut could not be taken back: " + e.getMessage());
      }
    }
    return List.of();
  }

  /** True if there was anything to do. */
  private boolean takeBack(Inventory disk, Deadline deadline) {
    OverlayCommit commit = commit(disk);
    boolean met = commit.now(deadline).isPresent();
    if (met) {
      endMet(commit, deadline);
    }
    if (place(disk, deadline) == DiskPlace.OVERLAY) {
      commit.begin(deadline);
      commit.end(deadline);
      met = true;
    }
    DiskPlace now = place(disk, deadline);
    if (now != DiskPlace.SOURCE) {
      throw new IllegalStateException("the job has ended, and the machine does not write there");
    }
    return met;
  }

  /** One that failed once, and is forgotten now, is tried again; one that is still there is not. */
  private static void endMet(OverlayCommit commit, Deadline deadline) {
    try {
      commit.end(deadline);
    } catch (SnapshotException e) {
      Optional<JobInfo> still = commit.now(deadline);
      if (still.isPresent()) {
        throw e;
      }
    }
  }

  private DiskPlace place(Inventory disk, Deadline deadline) {
    return DiskPlace.of(BlockGraph.read(monitor, deadline), disk);
  }

  private OverlayCommit commit(Inventory disk) {
    return OverlayCommit.active(
        monitor,
        QemuRemains.named(disk, Kind.JOB, "commit").orElse(""),
        QemuRemains.named(disk, Kind.NODE, "overlay").orElse(""),
        disk.node().orElse(""),
        stop);
  }
}
