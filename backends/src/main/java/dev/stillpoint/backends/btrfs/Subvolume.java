package dev.stillpoint.backends.btrfs;

import dev.stillpoint.backends.host.ImageFile;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/** The root directory of a subvolume. */
final class Subvolume {
  /**
   * {@code BTRFS_FIRST_FREE_OBJECTID}: the number of every subvolume's root, and of nothing else.
   */
  private static final long ROOT_INODE = 256;

  private static final String UUID = "UUID:";
  private static final String PARENT = "Parent UUID:";
  private static final Pattern NUMBER = Pattern.compile("-|[0-9a-f-]{36}");

  private Subvolume() {}

  /** That of the subvolume which holds the image. */
  static Path of(ImageFile image) throws IOException {
    Path directory = image.directory();
    while (directory != null && directory.startsWith(image.mount().point())) {
      if (isRoot(directory)) {
        return directory;
      }
      directory = directory.getParent();
    }
    throw image
        .disk()
        .refusal(
            ErrorCode.DISK_UNSUITABLE,
            "only a part of the subvolume that holds "
                + image.path()
                + " is mounted at "
                + image.mount().point()
                + ": mount its root, and name the image there");
  }

  /**
   * Whether a snapshot was made of this subvolume, and not of another that has its path now or lies
   * beside it: btrfs keeps of each snapshot the number of what it was made of.
   *
   * @throws IOException when that cannot be told
   */
  static boolean isSnapshotOf(Path root, Path snapshot, Programs programs, Deadline deadline)
      throws IOException {
    String origin = told(root, UUID, programs, deadline);
    return told(snapshot, PARENT, programs, deadline).equals(origin);
  }

  /**
   * The root of an old btrfs has no number, a dash, and neither has the parent of its snapshots.
   */
  private static String told(Path root, String key, Programs programs, Deadline deadline)
      throws IOException {
    List<String> command = List.of("btrfs", "subvolume", "show", "--", root.toString());
    return programs
        .require(command, deadline)
        .lines()
        .map(String::strip)
        .filter(line -> line.startsWith(key))
        .map(line -> line.substring(key.length()).strip())
        .filter(value -> NUMBER.matcher(value).matches())
        .findFirst()
        .orElseThrow(() -> new IOException("btrfs tells no '" + key + "' of " + root));
  }

  /** Whether there is one at this path. */
  static boolean isRoot(Path path) throws IOException {
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
        && Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS) instanceof Number inode
        && inode.longValue() == ROOT_INODE;
  }
}
