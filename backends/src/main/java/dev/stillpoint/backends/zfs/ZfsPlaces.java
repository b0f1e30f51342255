package dev.stillpoint.backends.zfs;

import dev.stillpoint.backends.host.ProgramPlaces;
import dev.stillpoint.backends.layers.LayerFinder;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Finds where on a ZFS a disk is. */
final class ZfsPlaces {
  /** Which dataset or volume it is. */
  static final String DATASET = "dataset";

  /** Which file it is on the machine that has the ZFS. */
  static final String FILE = "file";

  private static final Set<String> OPTIONS =
      Stream.concat(Stream.of(DATASET, FILE), ProgramPlaces.OPTIONS.stream())
          .collect(Collectors.toUnmodifiableSet());
  private static final Set<String> TYPES = Set.of("zfs", "fuse.zfs");

  private final ZfsHost host;
  private final LocatedDisk disk;
  private final Deadline deadline;

  /**
   * For one disk.
   *
   * @param host the one that the disk's options name
   */
  ZfsPlaces(ZfsHost host, LocatedDisk disk, Deadline deadline) {
    this.host = host;
    this.disk = disk;
    this.deadline = deadline;
  }

  ZfsPlace find() throws IOException {
    disk.requireOptionsAmong(OPTIONS);
    Optional<String> told = Optional.ofNullable(disk.options().get(DATASET));
    if (told.isPresent() && !ZfsName.troubleOfDataset(told.get()).isEmpty()) {
      throw disk.refusal(ErrorCode.BAD_REQUEST, ZfsName.troubleOfDataset(told.get()));
    }
    Optional<ZfsPlace> seen = seen();
    if (told.isEmpty()) {
      return seen.orElseThrow(this::notSeen);
    }
    if (seen.isPresent()) {
      if (!seen.get().dataset().equals(told.get())) {
        throw disk.refusal(
            ErrorCode.DISK_UNSUITABLE,
            "'" + disk.name() + "' lies in " + seen.get().dataset() + ", not in " + told.get());
      }
      return seen.get();
    }
    return host.zfs().isVolume(disk, told.get(), deadline)
        ? new ZfsPlace.Volume(told.get(), formatOfVolume())
        : new ZfsPlace.Told(told.get(), disk.source().format());
  }

  private RuntimeException notSeen() {
    String words =
        host.isHere()
            ? "is no volume of a ZFS and no file of a mounted dataset, as seen from here; where it"
                + " lies on one all the same, say dataset="
            : "is on another machine: say dataset= for the volume that it is, or file= for its"
                + " image in a mounted dataset there";
    return disk.refusal(ErrorCode.DISK_UNSUITABLE, "'" + disk.name() + "' " + words);
  }

  /** A file that a host's file system keeps in a volume is not the whole of it. */
  private String formatOfVolume() {
    return disk.source() instanceof DiskSource.File ? "raw" : disk.source().format();
  }

  private Optional<ZfsPlace> seen() throws IOException {
    String file = disk.options().get(FILE);
    if (host.isHere() && file != null) {
      throw disk.refusal(
          ErrorCode.BAD_REQUEST, "file= names an image on another machine, and goes with at=");
    }
    if (file != null) {
      return Optional.of(farFile(file));
    }
    if (!host.isHere()) {
      return Optional.empty();
    }
    return switch (disk.source()) {
      case DiskSource.File image -> inFile(image.path());
      case DiskSource.Device device -> volume(device);
      default -> Optional.empty();
    };
  }

  private ZfsPlace farFile(String file) throws IOException {
    return inFile(absolute(file))
        .orElseThrow(() ->
            disk.refusal(
                ErrorCode.DISK_UNSUITABLE,
                "'" + file + "' is no file of a mounted dataset on " + host.programs().place()));
  }

  private Path absolute(String file) {
    try {
      Path path = Path.of(file);
      if (path.isAbsolute()) {
        return path;
      }
    } catch (InvalidPathException e) {
      // Told below.
    }
    throw disk.refusal(
        ErrorCode.BAD_REQUEST, "file=" + file + " is no absolute path, such as /tank/vm/disk.raw");
  }

  private Optional<ZfsPlace> inFile(Path file) throws IOException {
    Optional<ZfsFiles.Located> located =
        host.files().locate(file, deadline).filter(one -> TYPES.contains(one.mount().type()));
    if (located.isEmpty()) {
      return Optional.empty();
    }
    Path point = located.get().mount().point();
    Path folder = Path.of("/").relativize(Path.of(located.get().mount().root()));
    return Optional.of(
        new ZfsPlace.InFile(
            located.get().mount().source(),
            point,
            folder,
            point.relativize(located.get().path()),
            ZfsPlace.InFile.controls(point, folder, host.files(), deadline),
            disk.source().format()));
  }

  private static Optional<ZfsPlace> volume(DiskSource.Device device) {
    List<Layer> under = LayerFinder.on(device.path());
    return !under.isEmpty() && under.get(0) instanceof Layer.Zvol volume
        ? Optional.of(new ZfsPlace.Volume(volume.dataset(), device.format()))
        : Optional.empty();
  }
}
