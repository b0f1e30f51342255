package dev.stillpoint.backends.disks;

import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.backends.qemu.image.ImageProbe;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A qcow2 may keep the guest's data in another file, which only QEMU's own overlays leave alone: a
 * storage's snapshot of the image would hold the tables without the data. Blocks.
 */
final class OwnData {
  private OwnData() {}

  /** The same disk, unless its data lies elsewhere and its method does not know of that. */
  static LocatedDisk required(LocatedDisk disk) {
    Optional<Path> path = DefaultMethod.path(disk.source());
    boolean plain =
        disk.selected().method().filter(QemuOverlays.NAME::equals).isPresent()
            || !disk.source().format().equals("qcow2")
            || disk.source() instanceof DiskSource.Internal;
    if (plain || path.filter(Files::isReadable).isEmpty()) {
      return disk;
    }
    try {
      ImageProbe probe = ImageProbe.read(path.get(), Optional.of("qcow2"));
      probe
          .dataFile()
          .ifPresent(elsewhere -> {
            throw disk.refusal(
                ErrorCode.DISK_UNSUITABLE,
                "the data of '" + disk.name() + "' lies in another file; only qemu cuts it");
          });
      return disk;
    } catch (IOException e) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE,
          "'" + disk.name() + "' cannot be read as a qcow2: " + e.getMessage());
    }
  }
}
