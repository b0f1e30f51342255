package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.host.ImageLock;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * {@code qemu-img} on images that no machine uses: it takes QEMU's locks itself, and refuses what
 * is in use. Paths are absolute, so that none is taken for an option or a protocol; names are
 * checked by whoever made them a {@link dev.stillpoint.core.snapshot.SnapshotName}.
 */
final class ImageTool {
  private static final String PROGRAM = "qemu-img";

  private final Programs programs;

  ImageTool(Programs programs) {
    this.programs = programs;
  }

  List<StoredSnapshot> list(String image, Deadline deadline) throws IOException {
    // Also of one in use: only its header is read.
    String json =
        programs.require(
            List.of(PROGRAM, "info", "--output=json", "-U", "-f", "qcow2", image), deadline);
    return InternalSnapshots.parse(json, Path.of(image));
  }

  void create(String image, String name, Deadline deadline) throws IOException {
    snapshot("-c", image, name, deadline);
  }

  void delete(String image, String name, Deadline deadline) throws IOException {
    snapshot("-d", image, name, deadline);
  }

  void apply(LocatedDisk disk, String image, String name, Deadline deadline) throws IOException {
    if (ImageLock.isHeld(Path.of(image))) {
      throw disk.refusal(ErrorCode.DISK_IN_USE, "'" + image + "' is in use");
    }
    snapshot("-a", image, name, deadline);
  }

  private void snapshot(String action, String image, String name, Deadline deadline)
      throws IOException {
    programs.require(List.of(PROGRAM, "snapshot", action, name, image), deadline);
  }
}
