package dev.stillpoint.backends.host;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The image of a disk that is a file of this host.
 *
 * @param disk whose it is
 * @param path with all links followed
 * @param mount on which it is found
 */
public record ImageFile(LocatedDisk disk, Path path, Mount mount) {

  /**
   * Finds it.
   *
   * @param types the file systems that the method can serve
   * @throws dev.stillpoint.core.snapshot.SnapshotException with {@link ErrorCode#DISK_UNSUITABLE}
   *     when the disk is no file, or one of another file system
   */
  public static ImageFile of(LocatedDisk disk, java.util.Set<String> types) throws IOException {
    if (!(disk.source() instanceof DiskSource.File file)) {
      throw unsuitable(disk, "the disk is no file but " + disk.source());
    }
    if (!Files.isRegularFile(file.path())) {
      throw unsuitable(disk, file.path() + " is not there, or no file");
    }
    Path real = file.path().toRealPath();
    Mount mount =
        Mounts.own()
            .of(real)
            .orElseThrow(() -> unsuitable(disk, "on no file system that is known: " + real));
    if (!types.contains(mount.type())) {
      throw unsuitable(
          disk,
          real
              + " lies on "
              + mount.type()
              + "; this needs "
              + String.join(" or ", new java.util.TreeSet<>(types)));
    }
    return new ImageFile(disk, real, mount);
  }

  private static RuntimeException unsuitable(LocatedDisk disk, String message) {
    return disk.refusal(ErrorCode.DISK_UNSUITABLE, message);
  }

  /** Its name without the directory. */
  public String name() {
    return String.valueOf(path.getFileName());
  }

  /** The directory in which it lies. */
  public Path directory() {
    Path parent = path.getParent();
    return parent == null ? path : parent;
  }

  /**
   * A path that the caller gave for this disk.
   *
   * @return empty where none was given
   * @throws dev.stillpoint.core.snapshot.SnapshotException with {@link ErrorCode#BAD_REQUEST} when
   *     it is none, or not absolute
   */
  public Optional<Path> option(String key) {
    String text = disk.options().get(key);
    if (text == null) {
      return Optional.empty();
    }
    try {
      Path path = Path.of(text);
      if (path.isAbsolute()) {
        return Optional.of(path.normalize());
      }
    } catch (InvalidPathException e) {
      throw disk.refusal(ErrorCode.BAD_REQUEST, key + " is no path: " + e.getMessage());
    }
    throw disk.refusal(ErrorCode.BAD_REQUEST, key + " must be an absolute path, not " + text);
  }
}
