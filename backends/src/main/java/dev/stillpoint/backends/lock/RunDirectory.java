package dev.stillpoint.backends.lock;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/**
 * Where the locks lie: one place for everybody who may reach the same machines, whatever state
 * directory each was given. {@code /run/stillpoint} where that can be written, else {@code
 * stillpoint} under {@code $XDG_RUNTIME_DIR}, else a directory of this user's own under the
 * temporary one. Root and another user, who do not share a directory, do not see each other.
 */
final class RunDirectory {
  private static final Path SYSTEM = Path.of("/run/stillpoint");
  private static final Set<PosixFilePermission> OURS_ALONE =
      PosixFilePermissions.fromString("rwx------");

  private RunDirectory() {}

  /** The directory, where one can be found. */
  static Optional<Path> existing() {
    try {
      return Optional.of(find());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Finds the directory, and makes it where it is missing. */
  static Path find() throws IOException {
    Optional<Path> system = usable(SYSTEM);
    if (system.isPresent()) {
      return system.get();
    }
    String runtime = System.getenv("XDG_RUNTIME_DIR");
    Optional<Path> session =
        runtime == null || runtime.isEmpty()
            ? Optional.empty()
            : usable(Path.of(runtime, "stillpoint"));
    if (session.isPresent()) {
      return session.get();
    }
    return owned(
        Path.of(
            System.getProperty("java.io.tmpdir"), "stillpoint-" + System.getProperty("user.name")));
  }

  private static Optional<Path> usable(Path directory) {
    try {
      make(directory);
      boolean real = Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS);
      return real && Files.isWritable(directory)
          ? Optional.of(directory.toRealPath())
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Where everybody may write, somebody else may have been there first. */
  static Path owned(Path directory) throws IOException {
    make(directory);
    boolean ours =
        Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
            && Files.getAttribute(directory, "unix:uid", LinkOption.NOFOLLOW_LINKS)
                .equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))
            && Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS)
                .equals(OURS_ALONE);
    if (!ours) {
      throw new IOException(
          "the directory " + directory + " is not this user's own with mode 0700; remove it");
    }
    return directory.toRealPath();
  }

  private static void make(Path directory) throws IOException {
    try {
      Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(OURS_ALONE));
    } catch (FileAlreadyExistsException e) {
      // As on every use but the first.
    }
  }
}
