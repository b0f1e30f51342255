package dev.stillpoint.backends.host;

import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;

/** Copies of files that share their blocks with the original: FICLONE, by {@code cp}. */
public final class FileClone {
  /** A flag of {@code lsattr}, which has them before the first blank. */
  private static final char NO_COPY_ON_WRITE = 'C';

  private final Programs programs;

  /** One that runs these programs. */
  public FileClone(Programs programs) {
    this.programs = programs;
  }

  /**
   * Puts the content of one file into another that is there and empty.
   *
   * @throws IOException when the two cannot share blocks, or there is no room
   */
  public void fill(Path target, Path source, Deadline deadline) throws IOException {
    run(List.of("cp", "--reflink=always", "--", source.toString(), target.toString()), deadline);
  }

  /**
   * Makes a new, empty file alike to another in what FICLONE wants of two files: on btrfs either
   * both are copied on write, or none.
   */
  public void alike(Path empty, Path model, Mount mount, Deadline deadline) throws IOException {
    if (mount.type().equals("btrfs") && isWithoutCopyOnWrite(model, deadline)) {
      run(List.of("chattr", "+C", "--", empty.toString()), deadline);
    }
  }

  private boolean isWithoutCopyOnWrite(Path path, Deadline deadline) throws IOException {
    String flags = programs.require(List.of("lsattr", "-d", "--", path.toString()), deadline);
    return flags.lastIndexOf(NO_COPY_ON_WRITE, Math.max(0, flags.indexOf(' '))) >= 0;
  }

  /**
   * Brings an image back to the content of another file of the same file system.
   *
   * @throws SnapshotException as {@link ImageReplacement#replace}
   */
  public void replace(ImageFile image, Path content, Deadline deadline) throws IOException {
    new ImageReplacement(programs)
        .replace(
            image,
            empty -> {
              alike(empty, content, image.mount(), deadline);
              fill(empty, content, deadline);
            },
            deadline);
  }

  private void run(List<String> command, Deadline deadline) throws IOException {
    Programs.succeeded(command, programs.run(command, deadline));
  }

  /** Whether nothing at all is at this path, not even a dangling link. */
  public static boolean isFree(Path path) {
    return !Files.exists(path, LinkOption.NOFOLLOW_LINKS);
  }
}
