package dev.stillpoint.backends.btrfs;

import dev.stillpoint.backends.host.ImageFile;
import dev.stillpoint.core.snapshot.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** The root directory of a subvolume. */
final class Subvolume {
  /**
   * {@code BTRFS_FIRST_FREE_OBJECTID}: the number of every subvolume's root, and of nothing else.
   */
  private static final long ROOT_INODE = 256;

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

  /** Whether there is one at this path. */
  static boolean isRoot(Path path) throws IOException {
    return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
        && Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS) instanceof Number inode
        && inode.longValue() == ROOT_INODE;
  }
}
