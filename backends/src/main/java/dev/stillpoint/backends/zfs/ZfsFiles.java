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
   * Where the copy is until it is whole: one place for each file, so that the next revert removes
   * what one left that was killed.
   */
  static Path copyBeside(Path file) {
    byte[] name = String.valueOf(file.getFileName()).getBytes(StandardCharsets.UTF_8);
    return file.resolveSibling(".stillpoint-" + UUID.nameUUIDFromBytes(name));
  }

  /** What is there is none of ours, or not yet left by who makes it. */
  static IOException inTheWay(Path copy, String why) {
    return new IOException(copy + " is in the way: " + why);
  }

  /**
   * Puts a copy of a file in another's place, with its owner, times and holes: beside it first, and
   * durably, so that it is never half of one.
   *
   * @param before the rename; what it throws leaves all as it was
   */
  void replace(Path file, Path by, Check before, Deadline deadline) throws IOException;
}
