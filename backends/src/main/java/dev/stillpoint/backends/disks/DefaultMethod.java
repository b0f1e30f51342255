package dev.stillpoint.backends.disks;

import dev.stillpoint.backends.layers.LayerFinder;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.spi.LocatedDisk;
import java.util.List;

/** The method of a disk for which the caller named none, by what the disk is. */
final class DefaultMethod {
  private DefaultMethod() {}

  /** The same disk with a method. Blocks: looks at what lies under a block device. */
  static LocatedDisk filledIn(LocatedDisk disk, String otherwise) {
    if (disk.selected().method().isPresent()) {
      return disk;
    }
    return new LocatedDisk(
        disk.selected().withMethod(of(disk.source(), otherwise)), disk.source(), disk.guest());
  }

  /** A qcow2 on a logical volume is QEMU's to cut: the volume is only where the image lies. */
  private static String of(DiskSource source, String otherwise) {
    if (!(source instanceof DiskSource.Device device) || !device.format().equals("raw")) {
      return otherwise;
    }
    List<Layer> under = LayerFinder.on(device.path());
    if (under.isEmpty()) {
      return otherwise;
    }
    return switch (under.get(0)) {
      case Layer.LogicalVolume volume -> "lvm";
      case Layer.Zvol volume -> "zfs";
      default -> otherwise;
    };
  }
}
