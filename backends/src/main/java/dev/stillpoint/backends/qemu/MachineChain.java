package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.host.Room;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.BlockdevDel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The images of a disk of a running machine, by {@code block-commit}. */
record MachineChain(Monitor monitor) implements ChainOwner {
  private static final Logger log = LoggerFactory.getLogger(MachineChain.class);

  @Override
  public ImageChain chain(LocatedDisk disk, Deadline deadline) {
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    return ImageChain.of(graph, graph.find(disk.name()));
  }

  /** The process that is known to have the images open. */
  OptionalLong process() {
    return monitor.qemu().map(qemu -> OptionalLong.of(qemu.pid())).orElse(OptionalLong.empty());
  }

  /** The name by which a job is met again, by whoever asks for the same a second time. */
  private static String job(Path overlay, OverlayMark mark) throws IOException {
    return "sp-" + mark.operationId() + "-merge-" + OverlayFile.at(overlay).inode();
  }

  private OverlayCommit commit(MergeOfOverlay merge) throws IOException {
    return new OverlayCommit(
        monitor,
        job(merge.file(), merge.mark()),
        node(merge, merge.chain().top()),
        node(merge, merge.overlay()),
        node(merge, merge.below()),
        () -> false);
  }

  private static String node(MergeOfOverlay merge, ImageChain.Link link) {
    return link.node()
        .orElseThrow(() ->
            merge.refusal(
                ErrorCode.DISK_UNSUITABLE,
                "which node of the machine has the image " + link.image() + " cannot be told"));
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
          merge.below().image() + " is exported by the machine; a backup may read it");
    }
    for (ImageChain.Link link : List.of(merge.overlay(), merge.below())) {
      Optional<String> trouble = OpenImages.trouble(monitor.qemu(), link.image());
      if (trouble.isPresent()) {
        throw merge.refusal(ErrorCode.DISK_UNSUITABLE, trouble.get());
      }
    }
  }

  @Override
  public void merge(MergeOfOverlay merge, Deadline deadline) throws IOException {
    OverlayCommit commit = commit(merge);
    if (commit.now(deadline).isEmpty()) {
      try {
        commit.begin(deadline);
      } catch (CommandException.Refused e) {
        OverlayMark.mergeIsOff(merge.file());
        throw merge.refusal(
            ErrorCode.DISK_UNSUITABLE, "QEMU refused block-commit: " + e.description());
      }
    }
    try {
      commit.lead(deadline);
    } catch (SnapshotException e) {
      throw merge.refusal(
          Room.isNone(e.failure().message()) ? ErrorCode.NO_SPACE : ErrorCode.CLEANUP_FAILED,
          merge.file()
              + " did not go down into "
              + merge.below().image()
              + ": "
              + e.failure().message()
              + ". The machine loses nothing; ask for it again");
    }
    if (chain(merge.disk(), deadline).has(merge.file())) {
      throw merge.refusal(
          ErrorCode.CLEANUP_FAILED, "the job has ended, and the machine still has " + merge.file());
    }
    OverlayMark.mergeIsDone(merge.file());
    commit.forget(deadline);
    release(merge.file(), deadline);
    // QEMU may write a last time when it closes it.
    OverlayMark.mergeIsDone(merge.file());
  }

  /** A job that was not forgotten yet says it as well as the mark. */
  @Override
  public boolean hasMerged(Path overlay, OverlayMark mark, Deadline deadline) throws IOException {
    String job = job(overlay, mark);
    if (monitor.job(job, deadline).isPresent()) {
      monitor.conclude(job, deadline);
      OverlayMark.mergeIsDone(overlay);
    }
    return OverlayMark.isMergeDone(overlay);
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
      Overlay.prefixOf(node).ifPresent(prefix -> removeFdSets(prefix, deadline));
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
