package dev.stillpoint.backends.qemu;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.command.BlockdevDel;
import dev.stillpoint.qmp.command.ImageInfo;
import dev.stillpoint.qmp.command.JobInfo;
import dev.stillpoint.qmp.command.QueryJobs;
import dev.stillpoint.qmp.error.CommandException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What an operation that did not end has left in a living QEMU, and what became of its cut, as the
 * block graph tells it. Methods wait for QEMU's answers; they throw what a command failed with.
 */
public final class QemuRemains {
  private static final String OVERLAY = "overlay";

  private final Monitor monitor;
  private final List<Inventory> disks;

  /** What became of the cut. */
  public enum Cut {
    /** No disk writes to its overlay. */
    NONE,
    /** Every disk writes to its overlay, or to an image above it. */
    ALL,
    /** Some do. */
    PARTLY,
    /**
     * It was being taken back: images change below the machine, so that none is a point in time.
     */
    BEING_UNDONE
  }

  /**
   * A look at the graph.
   *
   * @param applied one entry for each disk that writes to its overlay
   */
  public record Finding(Cut cut, List<DiskSnapshot> applied) {
    /** Copies the list. */
    public Finding {
      applied = List.copyOf(applied);
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
    int overlays = 0;
    for (Inventory disk : disks) {
      Optional<Path> overlay = overlayOf(disk);
      if (overlay.isPresent()) {
        overlays++;
        user(graph, disk, overlay.get())
            .ifPresent(user -> applied.add(applied(disk, overlay.get(), user)));
      }
    }
    Set<String> commits = names(Kind.JOB, "commit");
    boolean undoing =
        monitor.ask(new QueryJobs(), deadline).stream()
            .map(JobInfo::id)
            .anyMatch(commits::contains);
    return new Finding(undoing ? Cut.BEING_UNDONE : cut(applied.size(), overlays), applied);
  }

  private static Cut cut(int applied, int overlays) {
    if (applied == 0) {
      return Cut.NONE;
    }
    return applied == overlays ? Cut.ALL : Cut.PARTLY;
  }

  /** The disk of the machine that writes to this overlay, or to an image above it. */
  private static Optional<AttachedDisk> user(BlockGraph graph, Inventory disk, Path overlay) {
    String node = named(disk, Kind.NODE, OVERLAY).orElse("");
    return graph.disks().stream()
        .filter(
            one -> one.nodeName().equals(node) || isInChain(one.node().image(), overlay.toString()))
        .findFirst();
  }

  private static boolean isInChain(@Nullable ImageInfo top, String file) {
    ImageInfo image = top;
    while (image != null) {
      if (file.equals(image.filename())) {
        return true;
      }
      image = image.backingImage();
    }
    return false;
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
        Overlay.source(disk.source(), baseFormat(overlay)));
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
    return found;
  }

  /** Whether any node of the machine has this file open now. */
  public boolean uses(Path file, Deadline deadline) {
    return BlockGraph.read(monitor, deadline).uses(file.toString());
  }

  /**
   * Goes on with a cut that was being taken back, disk by disk, as the operation would have.
   *
   * @param done hears of each disk that the machine has back
   * @return those that could not be taken back, and why; with the first of them it ends
   */
  public List<String> takeBack(List<String> done, Deadline deadline) {
    Set<String> running =
        monitor.ask(new QueryJobs(), deadline).stream()
            .map(JobInfo::id)
            .collect(Collectors.toSet());
    for (Inventory disk : disks) {
      try {
        if (takeBack(disk, running, deadline)) {
          done.add("took the cut of disk " + disk.disk() + " back");
        }
      } catch (CommandException | SnapshotException e) {
        return List.of("disk " + disk.disk() + " could not be taken back (" + e.getMessage() + ")");
      }
    }
    return List.of();
  }

  private boolean takeBack(Inventory disk, Set<String> running, Deadline deadline) {
    Optional<String> job = named(disk, Kind.JOB, "commit");
    Optional<String> overlay = named(disk, Kind.NODE, OVERLAY);
    if (job.isEmpty() || overlay.isEmpty() || disk.node().isEmpty()) {
      return false;
    }
    var commit = new ActiveCommit(monitor, job.get(), overlay.get(), disk.node().get());
    if (running.contains(job.get())) {
      commit.finish(deadline);
      return true;
    }
    boolean cut = BlockGraph.read(monitor, deadline).isUsed(overlay.get());
    if (cut) {
      commit.run(deadline);
    }
    return cut;
  }

  /**
   * Removes the operation's jobs and nodes ({@code job-cancel}, {@code job-dismiss}, {@code
   * blockdev-del}); only once {@link #find} says that no disk is cut. QEMU itself refuses to remove
   * a node that is in use.
   *
   * @param removed hears of each that is gone
   * @return those that could not be removed, and why
   */
  public List<String> remove(List<String> removed, Deadline deadline) {
    List<String> left = new ArrayList<>();
    for (String job : jobs(deadline)) {
      try {
        monitor.end(job, deadline);
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
    return left;
  }

  private List<String> jobs(Deadline deadline) {
    Set<String> ours =
        disks.stream()
            .flatMap(disk -> disk.belongings().stream())
            .filter(one -> one.kind() == Kind.JOB)
            .map(Belonging::name)
            .collect(Collectors.toSet());
    return monitor.ask(new QueryJobs(), deadline).stream()
        .map(JobInfo::id)
        .filter(ours::contains)
        .toList();
  }

  /** Overlays before the files that they lie on. */
  private List<String> nodes() {
    List<String> nodes = new ArrayList<>(names(Kind.NODE, OVERLAY));
    names(Kind.NODE, "file").forEach(nodes::add);
    return nodes;
  }

  private Set<String> names(Kind kind, String role) {
    return disks.stream()
        .map(disk -> named(disk, kind, role))
        .flatMap(Optional::stream)
        .collect(Collectors.toSet());
  }

  private static Optional<String> named(Inventory disk, Kind kind, String role) {
    return disk.belongings().stream()
        .filter(one -> one.kind() == kind && one.role().equals(role))
        .map(Belonging::name)
        .findFirst();
  }
}
