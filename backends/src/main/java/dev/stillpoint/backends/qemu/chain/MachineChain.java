package dev.stillpoint.backends.qemu.chain;

import dev.stillpoint.backends.host.Room;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.block.FdSets;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.backends.qemu.block.OpenImages;
import dev.stillpoint.backends.qemu.block.OverlayNodes;
import dev.stillpoint.backends.qemu.image.Qcow2Header;
import dev.stillpoint.backends.qemu.overlay.FdHandover;
import dev.stillpoint.backends.qemu.overlay.OverlayCommit;
import dev.stillpoint.backends.qemu.overlay.OverlayFile;
import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.BlockdevDel;
import dev.stillpoint.qmp.qapi.ImageInfo;
import dev.stillpoint.qmp.qapi.JobInfo;
import dev.stillpoint.qmp.qapi.JobStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The images of a disk of a running machine, by {@code block-commit}. */
record MachineChain(Monitor monitor) implements ChainOwner {
  private static final Logger log = LoggerFactory.getLogger(MachineChain.class);

  /** The end of {@code Failed to get "write" lock}, as QEMU says of what another one has open. */
  private static final String LOCKED = "\" lock";

  @Override
  public ImageChain chain(LocatedDisk disk, Deadline deadline) {
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    return ImageChain.of(graph, graph.find(disk.name()));
  }

  /** The name by which a job is met again, by whoever asks for the same a second time. */
  private static String job(OverlayMark mark, OverlayFile file) {
    return "sp-" + mark.operationId() + "-merge-" + file.inode();
  }

  private OverlayCommit commit(MergeOfOverlay merge) {
    return new OverlayCommit(
        monitor,
        job(merge.mark(), merge.file()),
        node(merge, merge.chain().top()),
        node(merge, merge.overlay()),
        node(merge, merge.below()),
        merge.above().map(above -> merge.below().image()),
        () -> false);
  }

  private static String node(MergeOfOverlay merge, ImageChain.Link link) {
    return link.node()
        .orElseThrow(() ->
            merge.refusal(
                ErrorCode.DISK_UNSUITABLE,
                "which node of the machine has the image " + link.told() + " cannot be told"));
  }

  @Override
  public void requireMergeable(MergeOfOverlay merge, Deadline deadline) throws IOException {
    OverlayCommit commit = commit(merge);
    if (commit.now(deadline).isPresent()) {
      return;
    }
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    graph.requireCuttable(graph.find(merge.disk().name()), merge.disk().name());
    if (graph.isExported(commit.baseNode())) {
      throw merge.refusal(
          ErrorCode.DISK_IN_USE,
          merge.below().told() + " is exported by the machine; a backup may read it");
    }
    if (FdSets.isSet(merge.below().image())) {
      throw merge.refusal(
          ErrorCode.DISK_UNSUITABLE,
          "by what path others could open " + merge.below().told() + " is not known");
    }
    for (ImageChain.Link link : List.of(merge.overlay(), merge.below())) {
      Optional<String> trouble = OpenImages.trouble(monitor.qemu(), link.image());
      if (trouble.isPresent()) {
        throw merge.refusal(ErrorCode.DISK_UNSUITABLE, trouble.get());
      }
    }
    requireRoom(merge, graph);
  }

  /**
   * Where both share a file system, a merge that fills it takes the machine its own room. What is
   * reckoned is the most that it can need.
   */
  private static void requireRoom(MergeOfOverlay merge, BlockGraph graph) throws IOException {
    Optional<Path> image = merge.below().path().filter(Files::isRegularFile);
    if (image.isEmpty()
        || OverlayFile.number(image.get().toRealPath(), "unix:dev") != merge.file().device()) {
      return;
    }
    Optional<ImageInfo> below = merge.below().node().flatMap(graph::image);
    Optional<ImageInfo> overlay = merge.overlay().node().flatMap(graph::image);
    if (below.isEmpty() || overlay.isEmpty()) {
      return;
    }
    long absent = Math.max(0, overlay.get().virtualSize() - allocated(below.get()));
    long most = Math.min(allocated(overlay.get()), absent);
    long free = Files.getFileStore(image.get()).getUsableSpace();
    if (free < most) {
      throw merge.refusal(
          ErrorCode.NO_SPACE,
          "the merge may need "
              + most
              + " bytes beside "
              + image.get()
              + ", and "
              + free
              + " are free; nothing was changed");
    }
  }

  private static long allocated(ImageInfo image) {
    Long size = image.actualSize();
    return size == null ? 0 : size;
  }

  @Override
  public void merge(MergeOfOverlay merge, Deadline deadline) throws IOException {
    OverlayCommit commit = commit(merge);
    if (commit.now(deadline).isEmpty()) {
      begin(merge, commit, deadline);
    }
    try {
      commit.lead(() -> turn(merge), deadline);
    } catch (CommandException | SnapshotException e) {
      throw unfinished(merge, e);
    }
    if (chain(merge.disk(), deadline).has(merge.path())) {
      // Such as a job that somebody has cancelled in a friendly way.
      commit.forget(deadline);
      MergeMark.begin(merge.path());
      throw merge.refusal(
          ErrorCode.CLEANUP_FAILED,
          "the job has ended, and the machine still has " + merge.path() + "; ask for it again");
    }
    try {
      requireNamed(merge);
      MergeMark.finish(merge.path());
      commit.forget(deadline);
      release(merge.path(), deadline);
      merge.removeFile();
    } catch (IOException | RuntimeException e) {
      throw merge.refusal(
          ErrorCode.CLEANUP_FAILED,
          (merge.above().isPresent()
                  ? "the merge is done, but: "
                  : "the machine writes to " + merge.below().told() + " from now on, but: ")
              + SnapshotException.failureOf(e, ErrorCode.CLEANUP_FAILED).message());
    }
  }

  private static void begin(MergeOfOverlay merge, OverlayCommit commit, Deadline deadline)
      throws IOException {
    try {
      commit.begin(deadline);
    } catch (CommandException.Refused e) {
      if (commit.now(deadline).isPresent()) {
        throw merge.refusal(ErrorCode.BUSY, "somebody else has just begun to merge it");
      }
      if (merge.before() == MergeMark.NONE) {
        MergeMark.remove(merge.path());
      }
      throw merge.refusal(
          e.description().contains(LOCKED) ? ErrorCode.DISK_IN_USE : ErrorCode.DISK_UNSUITABLE,
          "QEMU refused block-commit: " + e.description());
    }
  }

  /** From here on the overlay may be old: whoever finds it without the machine must know. */
  private static void turn(MergeOfOverlay merge) {
    if (merge.above().isPresent()) {
      return;
    }
    try {
      MergeMark.turn(merge.path());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static SnapshotException unfinished(MergeOfOverlay merge, RuntimeException e) {
    String why = SnapshotException.failureOf(e, ErrorCode.CLEANUP_FAILED).message();
    boolean turning = MergeMark.of(merge.path()) == MergeMark.TURNING;
    return merge.refusal(
        Room.isNone(why) ? ErrorCode.NO_SPACE : ErrorCode.CLEANUP_FAILED,
        merge.path()
            + " did not go down into "
            + merge.below().told()
            + ": "
            + why
            + (turning
                ? ". The machine may write to that already: ask for it again while it runs"
                : ". The machine loses nothing; ask for it again"));
  }

  /** QEMU has rewritten the header of what lay on the overlay. */
  private static void requireNamed(MergeOfOverlay merge) throws IOException {
    Optional<Path> above = merge.above().flatMap(ImageChain.Link::path);
    if (above.isPresent()
        && Qcow2Header.read(above.get())
            .backingFile()
            .filter(merge.below().image()::equals)
            .isEmpty()) {
      throw new IOException(
          above.get() + " does not name " + merge.below().told() + "; " + merge.path() + " stays");
    }
  }

  /** A job that was not forgotten yet says it as well as the mark. */
  @Override
  public boolean hasMerged(Path overlay, OverlayMark mark, Deadline deadline) throws IOException {
    String job = job(mark, OverlayFile.at(overlay));
    Optional<JobInfo> left = monitor.job(job, deadline);
    if (left.isPresent()) {
      JobInfo ended = monitor.awaitJob(job, JobStatus.CONCLUDED::equals, deadline);
      if (ended.error() == null) {
        MergeMark.finish(overlay);
      }
      monitor.conclude(job, deadline);
    }
    return MergeMark.of(overlay) == MergeMark.DONE;
  }

  @Override
  public void release(Path file, Deadline deadline) {
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    for (String node : graph.nodesOn(file.toString())) {
      try {
        monitor.ask(new BlockdevDel(node), deadline);
      } catch (CommandException.Refused e) {
        // A node below another one goes with that.
        log.debug("the node {} stays", node, e);
      }
      OverlayNodes.prefixOf(node).ifPresent(prefix -> removeFdSets(prefix, deadline));
    }
    if (BlockGraph.read(monitor, deadline).uses(file.toString())) {
      throw new SnapshotException(
          Failure.of(ErrorCode.CLEANUP_FAILED, "the machine still has " + file + " open"));
    }
  }

  private void removeFdSets(String prefix, Deadline deadline) {
    for (long set : FdHandover.of(FdSets.read(monitor, deadline), prefix)) {
      FdHandover.remove(monitor, set, deadline);
    }
  }
}
