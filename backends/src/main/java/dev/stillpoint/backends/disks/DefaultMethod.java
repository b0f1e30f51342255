package dev.stillpoint.backends.disks;

import dev.stillpoint.backends.layers.LayerFinder;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.disk.Layers;
import dev.stillpoint.core.disk.PossibleMethod;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.LocatedDisk;
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
    List<Layer> under =
        disk.source() instanceof DiskSource.Device device
            ? LayerFinder.on(device.path())
            : List.of();
    return with(disk, PossibleMethod.inMachine(disk.source().format(), under));
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
