package dev.stillpoint.backends.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;

/**
 * Whether what lies in a state directory was written by its user. A journal names files that are to
 * be removed: whoever can write one for somebody else removes that one's files.
 */
final class Ownership {
  private static final Path OURSELVES = Path.of("/proc/self");
  private static final int ROOT = 0;

  private Ownership() {}

  /** What is wrong with a directory, as in "it may be written by others"; empty if nothing is. */
  static Optional<String> ofDirectory(Path directory) throws IOException {
    return ofOwner(directory);
  }

  /** The same of a file, which must be one itself and no link to one. */
  static Optional<String> ofFile(Path file) throws IOException {
    var found = Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return found.isRegularFile() ? ofOwner(file) : Optional.of("is no regular file");
  }

  private static Optional<String> ofOwner(Path path) throws IOException {
    int owner = owner(path);
    if (owner != ROOT && owner != owner(OURSELVES)) {
      return Optional.of(
          "belongs to the user " + Files.getOwner(path).getName() + ", who has to recover it");
    }
    Set<PosixFilePermission> mode = Files.getPosixFilePermissions(path);
    boolean others =
        mode.contains(PosixFilePermission.GROUP_WRITE)
            || mode.contains(PosixFilePermission.OTHERS_WRITE);
    return others ? Optional.of("may be written by others than its owner") : Optional.empty();
  }

  private static int owner(Path path) throws IOException {
    return ((Number) Files.getAttribute(path, "unix:uid")).intValue();
  }
}
