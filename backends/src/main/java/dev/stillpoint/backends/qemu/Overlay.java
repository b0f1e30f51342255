package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.address.ToldName;
import dev.stillpoint.backends.qemu.block.AttachedDisk;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.backends.qemu.block.OverlayNodes;
import dev.stillpoint.backends.qemu.image.EmptyQcow2;
import dev.stillpoint.backends.qemu.overlay.OverlayCommit;
import dev.stillpoint.backends.qemu.overlay.OverlayFile;
import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.qmp.qapi.BlockdevAdd;
import dev.stillpoint.qmp.qapi.BlockdevDiscardOptions;
import dev.stillpoint.qmp.qapi.BlockdevOptions;
import dev.stillpoint.qmp.qapi.BlockdevRef;
import dev.stillpoint.qmp.qapi.BlockdevRefOrNull;
import dev.stillpoint.qmp.qapi.BlockdevSnapshot;
import dev.stillpoint.qmp.qapi.BlockdevSnapshotSync;
import dev.stillpoint.qmp.qapi.NewImageMode;
import dev.stillpoint.qmp.qapi.TransactionAction;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The overlay that one disk is to get: the names of everything, and the commands that make it.
 *
 * @param name the disk as the caller named it
 * @param mark what is written on its file
 * @param prefix {@code sp-<operation>-<n>}, with which all our nodes and jobs begin
 */
record Overlay(
    String name, AttachedDisk disk, Path path, String prefix, QemuWay way, OverlayMark mark) {
  private static final String FORMAT = "qcow2";

  String fileNode() {
    return OverlayNodes.file(prefix);
  }

  String overlayNode() {
    return OverlayNodes.overlay(prefix);
  }

  String commitJob() {
    return prefix + "-commit";
  }

  /** Attaches the file, by a name that QEMU can open. */
  BlockdevAdd addFile(String name) {
    return new BlockdevAdd(BlockdevOptions.File.of(name).withNodeName(fileNode()));
  }

  /**
   * What is in its file. The backing file is named as QEMU names it, also beside a base that names
   * its own by a relative path: by any other name QEMU takes it for overridden, and calls the node
   * {@code json:{...}} from then on.
   */
  EmptyQcow2 content() {
    return new EmptyQcow2(disk.size(), disk.fileName(), disk.format());
  }

  /** Without its backing file, whose lock the machine holds; the snapshot attaches it. */
  BlockdevAdd addOverlay() {
    return new BlockdevAdd(
        BlockdevOptions.Qcow2.of(BlockdevRef.of(fileNode()))
            .withNodeName(overlayNode())
            .withDiscard(BlockdevDiscardOptions.UNMAP)
            .withBacking(BlockdevRefOrNull.none()));
  }

  /** What cuts this disk, as an action of a transaction. */
  TransactionAction action() {
    return way == QemuWay.PREPARED
        ? new TransactionAction.BlockdevSnapshot(
            new BlockdevSnapshot(disk.nodeName(), overlayNode()))
        : new TransactionAction.BlockdevSnapshotSync(snapshotSync());
  }

  /**
   * What cuts it by itself, in the sync ways. By device where the device has a name and no filter
   * stands between; else by node name.
   */
  BlockdevSnapshotSync snapshotSync() {
    boolean byDevice = disk.device().isPresent() && !disk.isUnderFilter();
    return BlockdevSnapshotSync.of(file())
        .withDevice(byDevice ? disk.device().get() : null)
        .withNodeName(byDevice ? null : disk.nodeName())
        .withSnapshotNodeName(overlayNode())
        .withFormat(FORMAT)
        .withMode(
            way == QemuWay.SYNC_EXISTING ? NewImageMode.EXISTING : NewImageMode.ABSOLUTE_PATHS);
  }

  String file() {
    return path.toString();
  }

  /** The way back, once it is cut. */
  OverlayCommit commit(Monitor monitor) {
    return OverlayCommit.active(monitor, commitJob(), overlayNode(), disk.nodeName(), () -> false);
  }

  /** The disk for the journal, with these belongings. */
  Inventory inventory(List<Belonging> belongings) {
    return new Inventory(
        name,
        QemuOverlays.NAME,
        way.toString(),
        ToldName.of(disk.fileName()),
        Optional.of(disk.nodeName()),
        Map.of(),
        belongings);
  }

  /** Everything that this overlay is made of or taken back with. */
  List<Belonging> belongings(Optional<OverlayFile> reserved) {
    return List.of(
        new Belonging(Kind.FILE, "overlay", file(), reserved.map(OverlayFile::number)),
        new Belonging(Kind.NODE, "file", fileNode(), Optional.empty()),
        new Belonging(Kind.NODE, "overlay", overlayNode(), Optional.empty()),
        new Belonging(Kind.JOB, "commit", commitJob(), Optional.empty()));
  }

  /** What the disk is once it is cut. */
  DiskSnapshot result() {
    return new DiskSnapshot(
        name,
        QemuOverlays.NAME,
        way.toString(),
        Optional.of(overlayNode()),
        Optional.of(new DiskSource.File(path, FORMAT)),
        disk.source());
  }
}
