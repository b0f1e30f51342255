package dev.stillpoint.backends.qemu.chain;

import dev.stillpoint.backends.host.DiskUsers;
import dev.stillpoint.backends.host.ImageFile;
import dev.stillpoint.backends.host.ImageLock;
import dev.stillpoint.backends.host.ImageReplacement;
import dev.stillpoint.backends.host.Mount;
import dev.stillpoint.backends.host.Mounts;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.backends.qemu.chain.ImageChain.Link;
import dev.stillpoint.backends.qemu.image.ImageTool;
import dev.stillpoint.backends.qemu.image.Qcow2Header;
import dev.stillpoint.backends.qemu.overlay.OverlayFile;
import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import dev.stillpoint.backends.qemu.overlay.OverlayPath;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The snapshots behind a disk's overlays: each is the image on which an overlay of ours lies. To
 * delete one is to merge its overlay down; to revert to the newest, to begin its overlay anew.
 * Methods block.
 */
public final class OverlaySnapshots {
  private final ChainOwner owner;
  private final ImageTool tool;

  /** Those of a machine, or of disks that no machine uses. */
  public OverlaySnapshots(Optional<Monitor> monitor, ImageTool tool) {
    this.owner = monitor.<ChainOwner>map(MachineChain::new).orElseGet(() -> new FileChain(tool));
    this.tool = tool;
  }

  public List<StoredSnapshot> list(LocatedDisk disk, Deadline deadline) throws IOException {
    disk.requireOptionsAmong(Set.of());
    return owner.chain(disk, deadline).snapshots();
  }

  /**
   * Puts an empty overlay in the place of the one that holds what was written since. The disk keeps
   * its name.
   */
  public void revert(LocatedDisk disk, SnapshotName name, Deadline deadline) throws IOException {
    disk.requireOptionsAmong(Set.of());
    ImageChain chain = owner.chain(disk, deadline);
    int place = chain.find(name.text()).orElseThrow(() -> missing(disk, chain, name));
    if (owner instanceof MachineChain) {
      throw disk.refusal(ErrorCode.DISK_IN_USE, "the machine uses '" + disk.name() + "'");
    }
    if (place > 0) {
      List<String> above = chain.links().subList(0, place).stream().map(Link::image).toList();
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE,
          "what lies above the snapshot '"
              + name
              + "' needs what would be lost: "
              + String.join(", ", above)
              + "; delete the newer snapshots first");
    }
    Path overlay = Path.of(chain.top().image());
    requireWhole(disk, overlay, name);
    FileChain.requireNothingAbove(disk, overlay);
    Link below = chain.links().get(1);
    OverlayMark mark = chain.top().mark().orElseThrow();
    new ImageReplacement(tool.programs())
        .replace(
            new ImageFile(disk, overlay, mount(disk, overlay)),
            made -> {
              tool.overlay(made, below.image(), below.format(), deadline);
              mark.put(made, overlay);
            },
            deadline);
  }

  private static void requireWhole(LocatedDisk disk, Path overlay, SnapshotName name)
      throws IOException {
    if (MergeMark.of(overlay) != MergeMark.NONE) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE,
          "the snapshot '" + name + "' is not whole any more: its delete was begun");
    }
    requireNoneInside(disk, overlay);
  }

  /** What an overlay keeps of {@code qemu-internal} goes with it. */
  static void requireNoneInside(LocatedDisk disk, Path overlay) throws IOException {
    int inside = Qcow2Header.read(overlay).snapshots();
    if (inside > 0) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE,
          overlay
              + " has "
              + inside
              + " snapshots inside itself, which would be lost (qemu-internal)");
    }
  }

  private static Mount mount(LocatedDisk disk, Path overlay) throws IOException {
    return Mounts.own()
        .of(overlay)
        .orElseThrow(() ->
            disk.refusal(ErrorCode.DISK_UNSUITABLE, "on no file system that is known: " + overlay));
  }

  /**
   * Merges the overlay into the image below it, and removes its file.
   *
   * @return the image that the machine writes to from then on, where that is another
   */
  public Optional<DiskSource> delete(LocatedDisk disk, SnapshotName name, Deadline deadline)
      throws IOException {
    disk.requireOptionsAmong(Set.of());
    ImageChain chain = owner.chain(disk, deadline);
    Optional<Integer> place = chain.find(name.text());
    if (place.isEmpty()) {
      removeMerged(disk, chain, name, deadline);
      return Optional.of(chain.top().source());
    }
    MergeOfOverlay merge = MergeOfOverlay.of(disk, chain, place.get());
    if (merge.before() == MergeMark.NONE) {
      merge.require();
      requireUnread(merge);
    }
    owner.requireMergeable(merge, deadline);
    if (merge.before() == MergeMark.NONE) {
      MergeMark.begin(merge.path());
    }
    owner.merge(merge, deadline);
    return merge.above().isPresent() ? Optional.empty() : Optional.of(merge.below().source());
  }

  /** Whoever reads the point in time, such as a backup, would read what comes after it as well. */
  private void requireUnread(MergeOfOverlay merge) {
    Optional<Path> below = merge.below().path();
    if (below.isEmpty() || !(owner instanceof MachineChain machine)) {
      return;
    }
    // Where the monitor does not tell its process, it is who writes to the disk.
    Set<Long> machines =
        machine
            .monitor()
            .qemu()
            .map(qemu -> Set.of(qemu.pid()))
            .or(() -> merge.chain().top().path().map(DiskUsers::processes))
            .orElse(Set.of());
    Optional<String> user =
        machines.isEmpty() ? Optional.empty() : DiskUsers.seen(below.get(), machines);
    if (user.isPresent()) {
      throw merge.refusal(
          ErrorCode.DISK_IN_USE,
          below.get() + " is in use: " + user.get() + "; a backup may read it");
    }
  }

  /** Goes on where a delete stopped that had merged, and not yet removed. */
  private void removeMerged(
      LocatedDisk disk, ImageChain chain, SnapshotName name, Deadline deadline) throws IOException {
    Path file =
        chain
            .top()
            .path()
            .map(top -> OverlayPath.beside(top, name))
            .filter(one -> isOf(one, name))
            .filter(one -> !chain.has(one))
            .orElseThrow(() -> missing(disk, chain, name));
    OverlayFile merged = OverlayFile.at(file);
    if (!owner.hasMerged(file, OverlayMark.read(file).orElseThrow(), deadline)) {
      throw disk.refusal(
          ErrorCode.NO_SUCH_SNAPSHOT,
          file
              + " bears the name '"
              + name
              + "' and is no part of the disk; nothing shows that the disk has all that it holds,"
              + " so it is left alone");
    }
    owner.release(file, deadline);
    FileChain.requireNothingAbove(disk, file);
    Optional<String> user = DiskUsers.seen(file, Set.of());
    if (user.isPresent() || ImageLock.isHeld(file) || !merged.delete()) {
      throw disk.refusal(
          ErrorCode.CLEANUP_FAILED,
          file + " is merged, and somebody has it: " + user.orElse("QEMU or one of its tools"));
    }
  }

  private static boolean isOf(Path file, SnapshotName name) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && OverlayMark.read(file).filter(mark -> mark.snapshot().equals(name.text())).isPresent();
  }

  private static RuntimeException missing(LocatedDisk disk, ImageChain chain, SnapshotName name) {
    return disk.refusal(
        ErrorCode.NO_SUCH_SNAPSHOT,
        "no overlay of '" + disk.name() + "' keeps a snapshot '" + name + "'; " + chain.told());
  }
}
