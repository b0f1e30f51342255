package dev.stillpoint.backends.host;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * The locks by which QEMU and its tools ({@code qemu-nbd}, {@code qemu-img}) keep each other from
 * an image: each locks some of these bytes of the file, whatever it does with it.
 */
public final class ImageLock {
  /** {@code RAW_LOCK_PERM_BASE} and {@code RAW_LOCK_SHARED_BASE} of QEMU, and what follows them. */
  private static final long FIRST_BYTE = 100;

  private static final long BYTES = 200;

  private ImageLock() {}

  /**
   * Whether any process that locks images as QEMU does has this one open. Takes the lock for a
   * moment; one that QEMU opens in that moment is told that it is in use.
   *
   * @throws IOException when it cannot be told, as when the file may not be written by us
   */
  public static boolean isHeld(Path image) throws IOException {
    try (FileChannel channel =
            FileChannel.open(
                image,
                Set.of(
                    StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
        FileLock lock = channel.tryLock(FIRST_BYTE, BYTES, false)) {
      return lock == null;
    }
  }
}
