package dev.stillpoint.backends.zfs;

import dev.stillpoint.backends.host.Mount;
import dev.stillpoint.backends.host.Mounts;
import dev.stillpoint.backends.layers.LayerFinder;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Finds where on a ZFS a disk is. */
final class ZfsPlaces {
  /** The one option: which dataset or volume it is. */
  static final String DATASET = "dataset";

  private static final Set<String> TYPES = Set.of("zfs", "fuse.zfs");

  private final ZfsCommand zfs;

  ZfsPlaces(ZfsCommand zfs) {
    this.zfs = zfs;
  }

  ZfsPlace of(LocatedDisk disk, Deadline deadline) throws IOException {
    disk.requireOptionsAmong(Set.of(DATASET));
    Optional<String> told = Optional.ofNullable(disk.options().get(DATASET));
    if (told.isPresent() && !ZfsName.troubleOfDataset(told.get()).isEmpty()) {
      throw disk.refusal(ErrorCode.BAD_REQUEST, ZfsName.troubleOfDataset(told.get()));
    }
    Optional<ZfsPlace> seen = seen(disk);
    if (told.isEmpty()) {
      return seen.orElseThrow(() ->
          disk.refusal(
              ErrorCode.DISK_UNSUITABLE,
              "'"
                  + disk.name()
                  + "' is no volume of a ZFS and no file of a mounted dataset, as seen from here;"
                  + " where it lies on one all the same, say "
                  + DATASET
                  + "="));
    }
    if (seen.isPresent()) {
      if (!seen.get().dataset().equals(told.get())) {
        throw disk.refusal(
            ErrorCode.DISK_UNSUITABLE,
            "'" + disk.name() + "' lies in " + seen.get().dataset() + ", not in " + told.get());
      }
      return seen.get();
    }
    return zfs.isVolume(disk, told.get(), deadline)
        ? new ZfsPlace.Volume(told.get(), formatOfVolume(disk))
        : new ZfsPlace.Told(told.get(), disk.source().format());
  }

  /** A file that a host's file system keeps in a volume is not the whole of it. */
  private static String formatOfVolume(LocatedDisk disk) {
    return disk.source() instanceof DiskSource.File ? "raw" : disk.source().format();
  }

  private static Optional<ZfsPlace> seen(LocatedDisk disk) throws IOException {
    return switch (disk.source()) {
      case DiskSource.File file -> inFile(file);
      case DiskSource.Device device -> volume(device);
      default -> Optional.empty();
    };
  }

  private static Optional<ZfsPlace> inFile(DiskSource.File file) throws IOException {
    Path path = file.path().toRealPath();
    Optional<Mount> mount = Mounts.own().of(path).filter(one -> TYPES.contains(one.type()));
    return mount.map(one ->
        new ZfsPlace.InFile(
            one.source(),
            one.point(),
            Path.of("/").relativize(Path.of(one.root())),
            one.point().relativize(path),
            file.format()));
  }

  private static Optional<ZfsPlace> volume(DiskSource.Device device) {
    List<Layer> under = LayerFinder.on(device.path());
    return !under.isEmpty() && under.get(0) instanceof Layer.Zvol volume
        ? Optional.of(new ZfsPlace.Volume(volume.dataset(), device.format()))
        : Optional.empty();
  }
}
