package dev.stillpoint.backends.disks;

import dev.stillpoint.backends.address.RbdName;
import dev.stillpoint.backends.layers.LayerFinder;
import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.disk.Layers;
import dev.stillpoint.core.disk.PossibleMethod;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The method of a disk for which the caller named none, by what the disk is. Blocks: looks at what
 * lies under it.
 */
final class DefaultMethod {
  private DefaultMethod() {}

  /** The same disk of a machine with a method. */
  static LocatedDisk inMachine(LocatedDisk disk) {
    if (disk.selected().method().isPresent()) {
      return disk;
    }
    if (disk.selected().overlay().isPresent()) {
      // Who says where the overlay is to be wants one.
      return with(disk, QemuOverlays.NAME);
    }
    DiskSource source = disk.source();
    return with(disk, PossibleMethod.inMachine(source.format(), under(source)));
  }

  /** What the disk itself is, where that is more than a place for files. */
  private static List<Layer> under(DiskSource source) {
    return switch (source) {
      case DiskSource.Device device -> LayerFinder.on(device.path());
      case DiskSource.Remote remote ->
          RbdName.read(remote.address(), remote.format())
              .<Layer>map(rbd ->
                  new Layer.RbdImage(rbd.pool(), rbd.namespace(), rbd.image(), rbd.snapshot()))
              .map(List::of)
              .orElseGet(List::of);
      default -> List.of();
    };
  }

  /** The same disk of no machine with a method. */
  static LocatedDisk bare(LocatedDisk disk) {
    if (disk.selected().method().isPresent()) {
      return disk;
    }
    String method =
        path(disk.source())
            .flatMap(path -> bare(disk, path))
            .orElseThrow(() ->
                disk.refusal(
                    ErrorCode.DISK_UNSUITABLE,
                    "nothing under '"
                        + disk.name()
                        + "' can be cut without a machine; name a method, or the monitor of the"
                        + " machine that runs it"));
    return with(disk, method);
  }

  /**
   * The same disk of no machine, for what was cut of it before: an overlay of ours is known by its
   * mark, and whoever names it means its snapshots, whatever it lies on.
   */
  static LocatedDisk kept(LocatedDisk disk) {
    return disk.selected().method().isEmpty() && isOverlay(disk)
        ? with(disk, QemuOverlays.NAME)
        : bare(disk);
  }

  private static boolean isOverlay(LocatedDisk disk) {
    if (!(disk.source() instanceof DiskSource.File file)) {
      return false;
    }
    try {
      return OverlayMark.read(file.path().toRealPath()).isPresent();
    } catch (IOException e) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE, "'" + disk.name() + "' cannot be looked at: " + e);
    }
  }

  private static Optional<String> bare(LocatedDisk disk, Path path) {
    var image = new Layer.Image(path.toString(), disk.source().format(), false, Optional.empty());
    var stack = new Layers.Stack(image, LayerFinder.on(path));
    return PossibleMethod.of(new Layers(disk.name(), List.of(stack), List.of(), List.of())).stream()
        .filter(one -> one.standard().bare())
        .map(PossibleMethod::method)
        .findFirst();
  }

  /** Where it is on this host, if it is there. */
  static Optional<Path> path(DiskSource source) {
    return switch (source) {
      case DiskSource.File file -> Optional.of(file.path());
      case DiskSource.Device device -> Optional.of(device.path());
      default -> Optional.empty();
    };
  }

  private static LocatedDisk with(LocatedDisk disk, String method) {
    return new LocatedDisk(disk.selected().withMethod(method), disk.source(), disk.guest());
  }
}
