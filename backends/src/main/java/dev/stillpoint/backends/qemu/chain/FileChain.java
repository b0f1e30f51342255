package dev.stillpoint.backends.qemu.chain;

import dev.stillpoint.backends.host.DiskUsers;
import dev.stillpoint.backends.host.ImageLock;
import dev.stillpoint.backends.qemu.chain.ImageChain.Link;
import dev.stillpoint.backends.qemu.image.ImageTool;
import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * The images of a disk that no machine uses, by {@code qemu-img}, which takes QEMU's locks itself.
 */
record FileChain(ImageTool tool) implements ChainOwner {

  @Override
  public ImageChain chain(LocatedDisk disk, Deadline deadline) throws IOException {
    if (!(disk.source() instanceof DiskSource.File file)) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE, "overlays lie on files; the disk is " + disk.source());
    }
    return ImageChain.of(file.path().toRealPath(), file.format());
  }

  @Override
  public void requireMergeable(MergeOfOverlay merge, Deadline deadline) throws IOException {
    if (merge.before() == MergeMark.TURNING) {
      throw merge.refusal(
          ErrorCode.DISK_UNSUITABLE,
          "a machine was about to go on in "
              + merge.below().told()
              + " when its delete was left: which of the two is newer is not known. If the machine"
              + " was started from that since, or went on in it, remove "
              + merge.path()
              + " by hand; start no machine from it");
    }
    requireUnused(merge, merge.overlay());
    requireUnused(merge, merge.below());
    if (merge.below().path().filter(path -> !Files.isWritable(path)).isPresent()) {
      throw merge.refusal(
          ErrorCode.DISK_UNSUITABLE,
          merge.below().told() + " cannot be written to, and the overlay not go down into it");
    }
    if (merge.above().isPresent()) {
      requireUnused(merge, merge.above().get());
    } else {
      requireNothingAbove(merge.disk(), merge.path());
    }
  }

  /** The chain is read from the disk downwards; whoever names an image in its middle is told. */
  static void requireNothingAbove(LocatedDisk disk, Path image) throws IOException {
    Optional<Path> above = OtherOverlays.on(image, image);
    if (above.isPresent()) {
      throw disk.refusal(
          ErrorCode.DISK_IN_USE,
          above.get() + " lies on " + image + ", so that this is not what the disk is written to");
    }
  }

  private static void requireUnused(MergeOfOverlay merge, Link link) throws IOException {
    if (link.path().isEmpty()) {
      throw merge.refusal(
          ErrorCode.DISK_UNSUITABLE, link.told() + " is no file or device of this host");
    }
    Path path = link.path().get().toRealPath();
    Optional<String> user = DiskUsers.seen(path, Set.of());
    if (user.isPresent() || ImageLock.isHeld(path)) {
      throw merge.refusal(
          ErrorCode.DISK_IN_USE,
          link.told()
              + " is in use: "
              + user.orElse("QEMU or one of its tools has locked it")
              + "; for a machine that runs, name its monitor");
    }
  }

  @Override
  public void merge(MergeOfOverlay merge, Deadline deadline) throws IOException {
    String before = MergeMark.stamp(merge.path());
    tool.commit(merge.path(), merge.below().image());
    MergeMark.finish(merge.path());
    if (merge.above().isPresent()) {
      Path above = Path.of(merge.above().get().image());
      tool.rebase(above, merge.below().image(), merge.below().format());
    }
    // A machine may have been started meanwhile: qemu-img holds its lock no longer than it works.
    Optional<ImageLock> lock = ImageLock.take(merge.path());
    try {
      if (lock.isEmpty() || !MergeMark.stamp(merge.path()).equals(before)) {
        throw merge.refusal(
            ErrorCode.DISK_IN_USE,
            merge.path()
                + " went down into "
                + merge.below().told()
                + ", and somebody uses it since; it stays");
      }
      merge.removeFile();
    } finally {
      if (lock.isPresent()) {
        lock.get().close();
      }
    }
  }

  @Override
  public boolean hasMerged(Path overlay, OverlayMark mark, Deadline deadline) {
    return MergeMark.of(overlay) == MergeMark.DONE;
  }

  @Override
  public void release(Path file, Deadline deadline) {
    // Nobody has it.
  }
}
