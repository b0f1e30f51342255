package dev.stillpoint.backends.host;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The images that this process has locked as QEMU does. The kernel takes such a lock from a process
 * as soon as any of its threads closes any descriptor of the file, so that whoever opens an image
 * for a moment, if only to read its header or a mark on it, waits here until nobody holds it. Safe
 * for use by several threads.
 */
public final class HeldImages {
  /** How long an opening waits for the end of what holds the image. */
  public static final Duration MAX_WAIT = Duration.ofSeconds(5);

  private static final Object MONITOR = new Object();

  /** What is locked, and by whom. */
  private static final Map<Object, Thread> HELD = new HashMap<>();

  /** How many have what open for a moment. */
  private static final Map<Object, Integer> OPEN = new HashMap<>();

  private HeldImages() {}

  /**
   * A file that is open for a moment. By device and inode, and by its path: between the look and
   * the opening another file may come to its place, and be locked.
   *
   * @param inode device and inode
   * @param path with all links followed
   */
  public record Opening(String inode, Path path) implements AutoCloseable {
    static Opening of(Path file) throws IOException {
      String inode =
          Files.getAttribute(file, "unix:dev") + ":" + Files.getAttribute(file, "unix:ino");
      return new Opening(inode, file.toRealPath());
    }

    /** Says that the file is closed. */
    @Override
    public void close() {
      synchronized (MONITOR) {
        forget(inode);
        forget(path);
        MONITOR.notifyAll();
      }
    }
  }

  /** A file that this process has locked. */
  record Hold(Opening what) implements AutoCloseable {
    @Override
    public void close() {
      synchronized (MONITOR) {
        HELD.remove(what.inode());
        HELD.remove(what.path());
        MONITOR.notifyAll();
      }
    }
  }

  /**
   * Comes before a file is opened, and is closed after that is closed. Waits while this process has
   * it locked.
   *
   * @throws SnapshotException with {@link ErrorCode#BUSY} when it is still locked after {@link
   *     #MAX_WAIT}
   * @throws IOException also where there is no such file
   * @throws IllegalStateException when this thread itself has locked it, and would lose it
   */
  public static Opening opening(Path file) throws IOException {
    Opening opening = Opening.of(file);
    synchronized (MONITOR) {
      if (HELD.get(opening.inode()) == Thread.currentThread()) {
        throw new IllegalStateException(file + " is locked by who wants to open it");
      }
      long end = System.nanoTime() + MAX_WAIT.toNanos();
      try {
        while (HELD.containsKey(opening.inode()) || isHeldByAnother(opening.path())) {
          MONITOR.wait(left(file, end));
        }
      } catch (InterruptedException e) {
        throw interrupted(file, e);
      }
      OPEN.merge(opening.inode(), 1, Integer::sum);
      OPEN.merge(opening.path(), 1, Integer::sum);
    }
    return opening;
  }

  /** Who has put another file into the place of the one that he holds may open that. */
  private static boolean isHeldByAnother(Path path) {
    return HELD.containsKey(path) && HELD.get(path) != Thread.currentThread();
  }

  /**
   * Keeps everybody of this process from opening a file; waits for those who have it open for a
   * moment.
   *
   * @return empty where it is held already
   * @throws SnapshotException with {@link ErrorCode#BUSY} when somebody still has it open after
   *     {@link #MAX_WAIT}
   */
  static Optional<Hold> hold(Path file) throws IOException {
    Opening what = Opening.of(file);
    synchronized (MONITOR) {
      long end = System.nanoTime() + MAX_WAIT.toNanos();
      try {
        while (!isHeld(what) && isOpen(what)) {
          MONITOR.wait(left(file, end));
        }
      } catch (InterruptedException e) {
        throw interrupted(file, e);
      }
      if (isHeld(what)) {
        return Optional.empty();
      }
      HELD.put(what.inode(), Thread.currentThread());
      HELD.put(what.path(), Thread.currentThread());
      return Optional.of(new Hold(what));
    }
  }

  private static boolean isHeld(Opening what) {
    return HELD.containsKey(what.inode()) || HELD.containsKey(what.path());
  }

  private static void forget(Object key) {
    Integer openings = OPEN.get(key);
    if (openings != null && openings > 1) {
      OPEN.put(key, openings - 1);
    } else {
      OPEN.remove(key);
    }
  }

  private static boolean isOpen(Opening what) {
    return OPEN.containsKey(what.inode()) || OPEN.containsKey(what.path());
  }

  /** In milliseconds; throws when there are none. */
  private static long left(Path file, long end) {
    long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
    if (left <= 0) {
      throw new SnapshotException(
          Failure.of(
              ErrorCode.BUSY,
              file + " is held by another operation of this process, such as its revert"));
    }
    return left;
  }

  private static IOException interrupted(Path file, InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IOException("interrupted while waiting for " + file, e);
  }
}
