package dev.stillpoint.backends.zfs;

import dev.stillpoint.backends.host.Mount;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/** The files of the machine that has the ZFS: of this one, or of another. Methods block. */
interface ZfsFiles {
  /**
   * A file, and the mount on which it is found.
   *
   * @param path with no link in it
   */
  record Located(Path path, Mount mount) {}

  /**
   * Where a regular file is.
   *
   * @throws IOException when there is none
   */
  Optional<Located> locate(Path file, Deadline deadline) throws IOException;

  /** Whether a directory is there, and no link to one. */
  boolean isDirectory(Path path, Deadline deadline) throws IOException;

  /**
   * Who uses a file or device, in words; also that it cannot be told. Empty when it is certain that
   * nobody whom that machine shows does.
   */
  Optional<String> user(Path path, Deadline deadline);

  /**
   * Whether a dataset holds no file but this one; directories do not count. Where something is
   * mounted below, what lies beneath that is not seen, and may be files.
   */
  boolean isAlone(Path mountPoint, Path file, Deadline deadline) throws IOException;

  /** What is asked between the copy and the rename. */
  @FunctionalInterface
  interface Check {
    void run() throws IOException;
  }

  /**
   * How the names of a file's copies begin until they are in its place: the next revert removes by
   * it what one left that was killed. Each has a name of its own, so that nobody renames another's.
   */
  static String copiesOf(Path file) {
    byte[] name = String.valueOf(file.getFileName()).getBytes(StandardCharsets.UTF_8);
    return ".stillpoint-" + UUID.nameUUIDFromBytes(name) + "-";
  }

  /** A name for the next one. */
  static Path nextCopyOf(Path file) {
    return file.resolveSibling(copiesOf(file) + UUID.randomUUID());
  }

  /**
   * Puts a copy of a file in another's place, with its owner, times and holes: beside it first, and
   * durably, so that it is never half of one. Earlier copies that nobody makes any more are
   * removed.
   *
   * @param before the rename; what it throws leaves all as it was
   */
  void replace(Path file, Path by, Check before, Deadline deadline) throws IOException;
}
