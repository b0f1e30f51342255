package dev.stillpoint.backends.qemu.chain;

import dev.stillpoint.backends.qemu.image.Qcow2Header;
import dev.stillpoint.core.snapshot.SnapshotException;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Overlays that lie on an image, as the headers of the files around say: an image knows nothing of
 * what lies on it.
 */
public final class OtherOverlays {
  /** In a directory of more files nobody is told that nothing lies on an image. */
  private static final int MAX_FILES = 100_000;

  private OtherOverlays() {}

  /**
   * The first that is found beside the image or beside another file.
   *
   * @param known the one that is known to lie on it, or the image itself
   * @throws IOException also where there are too many files to look at
   */
  public static Optional<Path> on(Path image, Path known) throws IOException {
    String key = key(image);
    Set<Path> directories = new LinkedHashSet<>();
    directories.add(known.resolveSibling("."));
    if (!image.startsWith("/dev")) {
      directories.add(image.resolveSibling("."));
      directories.add(image.toRealPath().resolveSibling("."));
    }
    for (Path directory : directories) {
      Optional<Path> found = in(directory, key, known);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private static Optional<Path> in(Path directory, String image, Path known) throws IOException {
    int looked = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, Files::isRegularFile)) {
      for (Path file : files) {
        if (++looked > MAX_FILES) {
          throw new IOException(
              directory.normalize()
                  + " has more than "
                  + MAX_FILES
                  + " files: what lies on the image cannot be told");
        }
        if (!Files.isSameFile(file, known) && liesOn(file, image)) {
          return Optional.of(file.normalize());
        }
      }
      return Optional.empty();
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
  }

  private static boolean liesOn(Path file, String image) {
    try {
      Optional<String> below = Qcow2Header.read(file).backingFile();
      return below.isPresent() && key(file.resolveSibling(below.get())).equals(image);
    } catch (SnapshotException busy) {
      // It is being reverted by this very process, and may lie on anything.
      throw busy;
    } catch (IOException | RuntimeException noSuchImage) {
      // No qcow2, none that we may read, or one that lies on nothing that is there.
      return false;
    }
  }

  /** Device and inode of what a path leads to. */
  private static String key(Path path) throws IOException {
    return Files.getAttribute(path, "unix:dev") + ":" + Files.getAttribute(path, "unix:ino");
  }
}
