package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.qemu.block.AttachedDisk;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.block.FdSets;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.backends.qemu.block.OverlayNodes;
import dev.stillpoint.backends.qemu.image.Qcow2Header;
import dev.stillpoint.backends.qemu.overlay.FdHandover;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.BlockdevDel;
import dev.stillpoint.qmp.qapi.JobCancel;
import dev.stillpoint.qmp.qapi.JobInfo;
import dev.stillpoint.qmp.qapi.JobStatus;
import dev.stillpoint.qmp.qapi.QueryJobs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What an operation that did not end has left in a living QEMU, and what became of its cut, as the
 * block graph tells it. Methods wait for QEMU's answers; they throw what a command failed with.
 */
public final class QemuRemains {
  private static final String OVERLAY = "overlay";
  private static final String FILE = "file";

  /** With this every name begins that we give to anything in QEMU. */
  private static final String OURS = "sp-";

  private final Monitor monitor;
  private final List<Inventory> disks;

  /** What became of the cut. */
  public enum Cut {
    /** No disk writes to its overlay: each writes to what it wrote to before. */
    NONE,
    /** Every disk writes to its overlay, or to an image above it. */
    ALL,
    /** Some do. */
    PARTLY,
    /** None does, but some write nowhere that can be seen: nothing shows that they are not cut. */
    UNSEEN
  }

  /**
   * A look at the machine.
   *
   * @param undoBegun whether a job of the operation takes the cut back, or has done so
   * @param applied one entry for each disk that writes to its overlay
   * @param unseen the disks that the machine does not have
   */
  public record Finding(
      Cut cut, boolean undoBegun, List<DiskSnapshot> applied, List<String> unseen) {
    /** Copies the lists. */
    public Finding {
      applied = List.copyOf(applied);
      unseen = List.copyOf(unseen);
    }
  }

  /**
   * The remains in one machine; the client stays the caller's.
   *
   * @param disks what the operation wrote down, of disks that QEMU cuts
   */
  public QemuRemains(QmpClient client, List<Inventory> disks) {
    this.monitor = new Monitor(client);
    this.disks = List.copyOf(disks);
  }

  /** Whether the method of a disk is QEMU's own. */
  public static boolean knows(Inventory disk) {
    return disk.method().equals(QemuOverlays.NAME);
  }

  /** The overlay of a disk, as it was written down. */
  public static Optional<Path> overlayOf(Inventory disk) {
    return named(disk, Kind.FILE, OVERLAY).map(Path::of);
  }

  /** Finds out what became of the cut ({@code query-block} and its like, {@code query-jobs}). */
  public Finding find(Deadline deadline) {
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    List<DiskSnapshot> applied = new ArrayList<>();
    List<String> unseen = new ArrayList<>();
    int overlays = 0;
    for (Inventory disk : disks) {
      Optional<Path> overlay = overlayOf(disk);
      if (overlay.isPresent()) {
        overlays++;
        DiskPlace.userOfOverlay(graph, disk)
            .ifPresent(user -> applied.add(applied(disk, overlay.get(), user)));
        if (DiskPlace.of(graph, disk) == DiskPlace.NOWHERE) {
          unseen.add(disk.disk());
        }
      }
    }
    Set<String> commits = names(Kind.JOB, "commit");
    boolean undoBegun =
        monitor.ask(new QueryJobs(), deadline).stream()
            .map(JobInfo::id)
            .anyMatch(commits::contains);
    return new Finding(
        cut(applied.size(), overlays, !unseen.isEmpty()), undoBegun, applied, unseen);
  }

  private static Cut cut(int applied, int overlays, boolean unseen) {
    if (applied == 0) {
      return unseen ? Cut.UNSEEN : Cut.NONE;
    }
    return applied == overlays ? Cut.ALL : Cut.PARTLY;
  }

  private static DiskSnapshot applied(Inventory disk, Path overlay, AttachedDisk user) {
    boolean above = !user.fileName().equals(overlay.toString());
    Path now = above && user.fileName().startsWith("/") ? Path.of(user.fileName()) : overlay;
    return new DiskSnapshot(
        disk.disk(),
        disk.method(),
        disk.way(),
        Optional.of(user.nodeName()),
        Optional.of(new DiskSource.File(now, user.format())),
        AttachedDisk.source(disk.source(), baseFormat(overlay)));
  }

  private static String baseFormat(Path overlay) {
    try {
      return Qcow2Header.read(overlay).backingFormat().orElse("unknown");
    } catch (IOException e) {
      return "unknown";
    }
  }

  /** Jobs and nodes of the operation that are there now. */
  public List<String> present(Deadline deadline) {
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    List<String> found = new ArrayList<>();
    jobs(deadline).forEach(job -> found.add("job " + job));
    nodes().stream().filter(graph::hasNode).forEach(node -> found.add("node " + node));
    fdSets(deadline).forEach(set -> found.add("open file " + FdSets.name(set) + " in QEMU"));
    return found;
  }

  /** Whether any node of the machine has this file open now. */
  public boolean uses(Path file, Deadline deadline) {
    return BlockGraph.read(monitor, deadline).uses(file.toString());
  }

  /**
   * Removes the operation's jobs, nodes and open files ({@code job-cancel}, {@code job-dismiss},
   * {@code blockdev-del}, {@code remove-fd}); only once {@link #find} says that no disk is cut.
   * QEMU itself refuses to remove a node that is in use.
   *
   * @param removed hears of each that is gone
   * @return those that could not be removed, and why
   */
  public List<String> remove(List<String> removed, Deadline deadline) {
    List<String> left = new ArrayList<>();
    for (String job : jobs(deadline)) {
      try {
        end(job, deadline);
        removed.add("removed the job " + job);
      } catch (CommandException | SnapshotException e) {
        left.add("job " + job + " (" + e.getMessage() + ")");
      }
    }
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    for (String node : nodes()) {
      try {
        if (graph.hasNode(node)) {
          monitor.ask(new BlockdevDel(node), deadline);
          removed.add("removed the node " + node);
        }
      } catch (CommandException e) {
        left.add("node " + node + " (" + e.getMessage() + ")");
      }
    }
    if (left.isEmpty()) {
      removeFdSets(removed, left, deadline);
    }
    return left;
  }

  private void removeFdSets(List<String> removed, List<String> left, Deadline deadline) {
    for (long set : fdSets(deadline)) {
      try {
        FdHandover.remove(monitor, set, deadline);
        removed.add("removed the open file " + FdSets.name(set) + " from QEMU");
      } catch (CommandException e) {
        left.add("open file " + FdSets.name(set) + " in QEMU (" + e.getMessage() + ")");
      }
    }
  }

  /** Those that were handed to QEMU for the operation's overlays. */
  private List<Long> fdSets(Deadline deadline) {
    FdSets sets = FdSets.read(monitor, deadline);
    return names(Kind.NODE, FILE).stream()
        .flatMap(node -> OverlayNodes.prefixOfFile(node).stream())
        .flatMap(prefix -> FdHandover.of(sets, prefix).stream())
        .toList();
  }

  private void end(String job, Deadline deadline) {
    boolean concluded =
        monitor
            .job(job, deadline)
            .filter(one -> one.status().equals(JobStatus.CONCLUDED))
            .isPresent();
    if (!concluded) {
      monitor.ask(new JobCancel(job), deadline);
    }
    try {
      monitor.conclude(job, deadline);
    } catch (SnapshotException e) {
      // What it failed with is nobody's trouble any more, if only it is gone.
      if (monitor.job(job, deadline).isPresent()) {
        throw e;
      }
    }
  }

  private List<String> jobs(Deadline deadline) {
    Set<String> ours =
        disks.stream()
            .flatMap(disk -> disk.belongings().stream())
            .filter(one -> one.kind() == Kind.JOB)
            .map(Belonging::name)
            .filter(name -> name.startsWith(OURS))
            .collect(Collectors.toSet());
    return monitor.ask(new QueryJobs(), deadline).stream()
        .map(JobInfo::id)
        .filter(ours::contains)
        .toList();
  }

  /** Overlays before the files that they lie on. */
  private List<String> nodes() {
    List<String> nodes = new ArrayList<>(names(Kind.NODE, OVERLAY));
    names(Kind.NODE, FILE).forEach(nodes::add);
    return nodes;
  }

  private Set<String> names(Kind kind, String role) {
    return disks.stream()
        .map(disk -> named(disk, kind, role))
        .flatMap(Optional::stream)
        .collect(Collectors.toSet());
  }

  /** By what name; one in QEMU that is not spelled as ours are is nobody's that we know of. */
  static Optional<String> named(Inventory disk, Kind kind, String role) {
    return disk.belongings().stream()
        .filter(one -> one.kind() == kind && one.role().equals(role))
        .filter(one -> kind == Kind.FILE || one.name().startsWith(OURS))
        .map(Belonging::name)
        .findFirst();
  }
}
