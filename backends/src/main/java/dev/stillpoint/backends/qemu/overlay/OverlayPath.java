package dev.stillpoint.backends.qemu.overlay;

import dev.stillpoint.backends.qemu.block.AttachedDisk;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import java.nio.file.Path;
import java.util.regex.Pattern;

/** Where an overlay goes: where the caller says, or beside the image that it lies on. */
public final class OverlayPath {
  private static final Pattern PROTOCOL = Pattern.compile("[a-z][a-z0-9+.-]*:");

  private OverlayPath() {}

  public static Path of(SelectedDisk selected, AttachedDisk disk, SnapshotName name) {
    boolean plain = disk.fileName().startsWith("/");
    if (selected.overlay().isPresent()) {
      if (!plain && !isRemote(disk.fileName())) {
        throw relative(selected.name(), disk);
      }
      return selected.overlay().get().toAbsolutePath().normalize();
    }
    if (!plain) {
      throw isRemote(disk.fileName())
          ? BlockGraph.refusal(
              ErrorCode.BAD_REQUEST,
              "the disk '" + selected.name() + "' is no plain file; name its overlay's path",
              selected.name())
          : relative(selected.name(), disk);
    }
    Path base = Path.of(disk.fileName());
    if (base.startsWith("/dev")) {
      throw BlockGraph.refusal(
          ErrorCode.BAD_REQUEST,
          "the disk '" + selected.name() + "' is a block device; name its overlay's path",
          selected.name());
    }
    return beside(base, name);
  }

  /** {@code disk0.qcow2} gets {@code disk0.monday.qcow2}, and that {@code disk0.tuesday.qcow2}. */
  public static Path beside(Path base, SnapshotName name) {
    String file = bottom(base);
    int dot = file.lastIndexOf('.');
    String stem = dot > 0 ? file.substring(0, dot) : file;
    return base.resolveSibling(stem + "." + name + ".qcow2");
  }

  /** The name of the file under all overlays of ours. */
  private static String bottom(Path image) {
    return OverlayMark.read(image)
        .map(OverlayMark::image)
        .orElseGet(() -> String.valueOf(image.getFileName()));
  }

  /** The same for the mark of a new overlay; of a disk that is no file, that of the overlay. */
  public static String bottom(AttachedDisk disk, Path overlay) {
    return bottom(disk.fileName().startsWith("/") ? Path.of(disk.fileName()) : overlay);
  }

  /** {@code nbd://...} or {@code json:...}; a colon behind a slash is part of a file's name. */
  public static boolean isRemote(String image) {
    return PROTOCOL.matcher(image).lookingAt();
  }

  private static SnapshotException relative(String name, AttachedDisk disk) {
    return BlockGraph.refusal(
        ErrorCode.DISK_UNSUITABLE,
        "QEMU opened the disk '"
            + name
            + "' by the relative path "
            + disk.fileName()
            + ", which an overlay cannot refer to safely; start the machine with absolute paths",
        name);
  }
}
