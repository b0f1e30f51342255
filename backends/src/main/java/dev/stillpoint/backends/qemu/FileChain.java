package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.host.DiskUsers;
import dev.stillpoint.backends.host.ImageLock;
import dev.stillpoint.backends.qemu.ImageChain.Link;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

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
    requireUnused(merge, merge.overlay());
    requireUnused(merge, merge.below());
    if (merge.below().path().filter(path -> !Files.isWritable(path)).isPresent()) {
      throw merge.refusal(
          ErrorCode.DISK_UNSUITABLE,
          merge.below().image() + " cannot be written to, and the overlay not go down into it");
    }
    if (merge.above().isPresent()) {
      requireUnused(merge, merge.above().get());
    }
  }

  private static void requireUnused(MergeOfOverlay merge, Link link) throws IOException {
    Optional<Path> path = link.path();
    if (path.isEmpty()) {
      return;
    }
    Optional<String> user = DiskUsers.seen(path.get(), OptionalLong.empty());
    if (user.isPresent() || ImageLock.isHeld(path.get())) {
      throw merge.refusal(
          ErrorCode.DISK_IN_USE,
          link.image()
              + " is in use: "
              + user.orElse("QEMU or one of its tools has locked it")
              + "; for a machine that runs, name its monitor");
    }
  }

  @Override
  public void merge(MergeOfOverlay merge, Deadline deadline) throws IOException {
    tool.commit(merge.file());
    OverlayMark.mergeIsDone(merge.file());
    if (merge.above().isPresent()) {
      Path above = Path.of(merge.above().get().image());
      tool.rebase(above, merge.below().image(), merge.below().format());
    }
  }

  @Override
  public boolean hasMerged(Path overlay, OverlayMark mark, Deadline deadline) {
    return OverlayMark.isMergeDone(overlay);
  }

  @Override
  public void release(Path file, Deadline deadline) {
    // Nobody has it.
  }
}
