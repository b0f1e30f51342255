package dev.stillpoint.backends.host;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;

/**
 * The locks by which QEMU and its tools ({@code qemu-nbd}, {@code qemu-img}) keep each other from
 * an image: each locks some of these bytes of the file, whatever it does with it. As long as this
 * one is held, none of them opens the image, and nobody of this process does ({@link HeldImages}).
 */
public final class ImageLock implements AutoCloseable {
  /** {@code RAW_LOCK_PERM_BASE} and {@code RAW_LOCK_SHARED_BASE} of QEMU, and what follows them. */
  private static final long FIRST_BYTE = 100;

  private static final long BYTES = 200;

  private final FileChannel channel;

  private final HeldImages.Hold held;

  private ImageLock(FileChannel channel, HeldImages.Hold held) {
    this.channel = channel;
    this.held = held;
  }

  /**
   * Takes the lock, where no process that locks images as QEMU does has this one open.
   *
   * @return empty where one has
   * @throws dev.stillpoint.core.snapshot.SnapshotException with {@code BUSY} where a thread of this
   *     process has it open and does not close it in time
   * @throws IOException when it cannot be told, as when the file may not be written by us
   */
  public static Optional<ImageLock> take(Path image) throws IOException {
    Optional<HeldImages.Hold> held = HeldImages.hold(image);
    if (held.isEmpty()) {
      // By this process itself, which would lose it if it opened and closed the image here.
      return Optional.empty();
    }
    Optional<ImageLock> taken = Optional.empty();
    try {
      taken = locked(image, held.get());
      return taken;
    } finally {
      if (taken.isEmpty()) {
        held.get().close();
      }
    }
  }

  private static Optional<ImageLock> locked(Path image, HeldImages.Hold held) throws IOException {
    FileChannel channel =
        FileChannel.open(
            image,
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS));
    boolean taken = false;
    try {
      taken = channel.tryLock(FIRST_BYTE, BYTES, false) != null;
      return taken ? Optional.of(new ImageLock(channel, held)) : Optional.empty();
    } catch (OverlappingFileLockException e) {
      return Optional.empty();
    } finally {
      if (!taken) {
        channel.close();
      }
    }
  }

  /**
   * Whether any process that locks images as QEMU does has this one open. Takes the lock for a
   * moment; one that QEMU opens in that moment is told that it is in use.
   *
   * @throws IOException as {@link #take}
   */
  public static boolean isHeld(Path image) throws IOException {
    Optional<ImageLock> lock = take(image);
    if (lock.isPresent()) {
      lock.get().close();
    }
    return lock.isEmpty();
  }

  /** Lets the image go. */
  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      held.close();
    }
  }
}
