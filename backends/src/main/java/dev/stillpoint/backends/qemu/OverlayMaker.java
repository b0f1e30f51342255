package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.host.Room;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.block.FdSets;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.backends.qemu.overlay.FdHandover;
import dev.stillpoint.backends.qemu.overlay.OverlayFile;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.BlockdevDel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;

/** Makes overlays, remembers everything that it made, and removes what is not used. */
final class OverlayMaker {
  private final Monitor monitor;
  private final List<Overlay> overlays;
  private final boolean passFiles;
  // Read by the inventory while somebody else may be at work.
  private final Deque<OverlayFile> files = new ConcurrentLinkedDeque<>();
  private final Deque<String> nodes = new ArrayDeque<>();
  private volatile boolean removed;

  /** Whether the files are handed to QEMU open, or opened by it. */
  OverlayMaker(Monitor monitor, List<Overlay> overlays, boolean passFiles) {
    this.monitor = monitor;
    this.overlays = overlays;
    this.passFiles = passFiles;
  }

  /** Makes the files, empty. */
  synchronized void reserve() {
    for (Overlay overlay : overlays) {
      files.push(
          OverlayFile.reserve(
              overlay.path(), Path.of(overlay.disk().fileName()), overlay.mark(), overlay.name()));
    }
  }

  /**
   * What is made for one disk; planned until {@link #reserve}, and nothing after {@link #remove}.
   */
  Inventory inventory(Overlay overlay) {
    return overlay.inventory(removed ? List.of() : overlay.belongings(fileOf(overlay)));
  }

  private Optional<OverlayFile> fileOf(Overlay overlay) {
    return files.stream().filter(one -> one.path().equals(overlay.path())).findFirst();
  }

  /** Fills them, and attaches what is attached before the cut. */
  synchronized void make(Deadline deadline) {
    for (Overlay overlay : overlays) {
      try {
        make(overlay, deadline);
      } catch (CommandException | SnapshotException e) {
        Failure why = SnapshotException.failureOf(e, ErrorCode.PREPARE_FAILED);
        throw new SnapshotException(
            Failure.ofDisk(
                why.code(),
                "the overlay " + overlay.path() + " could not be made: " + why.message(),
                overlay.name()),
            e);
      }
    }
  }

  private void make(Overlay overlay, Deadline deadline) {
    if (overlay.way() == QemuWay.SYNC_ABSOLUTE) {
      return;
    }
    fill(overlay);
    if (overlay.way() == QemuWay.PREPARED) {
      nodes.push(overlay.fileNode());
      addFile(overlay, deadline);
      nodes.push(overlay.overlayNode());
      monitor.ask(overlay.addOverlay(), deadline);
    }
  }

  private void fill(Overlay overlay) {
    try {
      fileOf(overlay).orElseThrow().fill(overlay.content());
    } catch (IOException e) {
      String why = String.valueOf(e.getMessage());
      throw new SnapshotException(
          Failure.of(Room.isNone(why) ? ErrorCode.NO_SPACE : ErrorCode.PREPARE_FAILED, why), e);
    }
  }

  private void addFile(Overlay overlay, Deadline deadline) {
    if (passFiles) {
      OverlayFile file = fileOf(overlay).orElseThrow();
      String name = FdHandover.hand(monitor, overlay.name(), overlay.prefix(), file, deadline);
      monitor.ask(overlay.addFile(name), deadline);
      return;
    }
    try {
      monitor.ask(overlay.addFile(overlay.file()), deadline);
    } catch (CommandException.Refused e) {
      throw new SnapshotException(
          Failure.ofDisk(
              ErrorCode.PREPARE_FAILED,
              e.getMessage()
                  + "; where QEMU may open no path itself, the overlays can be handed to it open"
                  + " (--pass-fds)",
              overlay.name()),
          e);
    }
  }

  /** Removes nodes and files, newest first; tells what could not be removed. */
  synchronized void remove(Deadline deadline) {
    List<String> left = new ArrayList<>();
    removeNodes(deadline, left);
    if (passFiles && left.isEmpty()) {
      removeFdSets(deadline, left);
    }
    if (left.isEmpty()) {
      removeFiles(left);
    } else {
      files.forEach(file -> left.add(file.path() + " (its node may be open)"));
    }
    if (!left.isEmpty()) {
      throw new SnapshotException(
          Failure.of(ErrorCode.CLEANUP_FAILED, "left behind: " + String.join("; ", left)));
    }
    removed = true;
  }

  private void removeNodes(Deadline deadline, List<String> left) {
    if (nodes.isEmpty()) {
      return;
    }
    BlockGraph graph;
    try {
      graph = BlockGraph.read(monitor, deadline);
    } catch (CommandException e) {
      if (monitor.isGone()) {
        nodes.clear();
      } else {
        left.add("nodes " + nodes + " (" + e.getMessage() + ")");
      }
      return;
    }
    for (String node : List.copyOf(nodes)) {
      try {
        if (graph.hasNode(node)) {
          monitor.ask(new BlockdevDel(node), deadline);
        }
        nodes.remove(node);
      } catch (CommandException e) {
        left.add("node " + node + " (" + e.getMessage() + ")");
      }
    }
  }

  /** Before the files: what QEMU has open stays on the disk, and may be locked. */
  private void removeFdSets(Deadline deadline, List<String> left) {
    try {
      FdSets sets = FdSets.read(monitor, deadline);
      for (Overlay overlay : overlays) {
        for (long set : FdHandover.of(sets, overlay.prefix())) {
          FdHandover.remove(monitor, set, deadline);
        }
      }
    } catch (CommandException e) {
      if (!monitor.isGone()) {
        left.add("the open files of the overlays in QEMU (" + e.getMessage() + ")");
      }
    }
  }

  private void removeFiles(List<String> left) {
    for (OverlayFile file : List.copyOf(files)) {
      try {
        if (file.delete()) {
          files.remove(file);
        } else {
          left.add(file.path() + " (it is no longer the file that was made)");
        }
      } catch (IOException e) {
        left.add(file.path() + " (" + e.getMessage() + ")");
      }
    }
  }
}
