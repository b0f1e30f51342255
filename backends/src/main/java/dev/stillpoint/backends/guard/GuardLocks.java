package dev.stillpoint.backends.guard;

import dev.stillpoint.backends.process.ProcessIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * The guard's own locks, one an endpoint of the machine, beside those of its owner, which end with
 * the owner. Their files are as the owner's are: never removed, and empty when nobody is there.
 */
final class GuardLocks implements AutoCloseable {
  /** How long somebody may merely look, for which he locks for a moment. */
  private static final Duration GLANCE = Duration.ofSeconds(1);

  private static final Duration GLANCE_STEP = Duration.ofMillis(5);

  private final List<FileChannel> held = new ArrayList<>();

  private GuardLocks() {}

  /**
   * Takes all of them.
   *
   * @param note what the files tell a person, without the process
   * @throws IOException when one is another guard's, or cannot be kept
   */
  static GuardLocks take(List<Path> files, String note) throws IOException {
    var locks = new GuardLocks();
    boolean all = false;
    try {
      for (Path file : files) {
        locks.takeOne(file, note);
      }
      all = true;
      return locks;
    } finally {
      if (!all) {
        locks.close();
      }
    }
  }

  private void takeOne(Path file, String note) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file,
            Set.of(
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE,
                LinkOption.NOFOLLOW_LINKS));
    boolean ours = false;
    try {
      ours = isLocked(channel);
    } finally {
      if (ours) {
        held.add(channel);
      } else {
        // What it says is another's.
        channel.close();
      }
    }
    if (!ours) {
      throw new IOException("another guard is at work on this machine: " + file);
    }
    ProcessIdentity self = ProcessIdentity.current();
    String whole =
        note
            + "pid: "
            + self.pid()
            + "\nstarted: "
            + self.startTicks()
            + "\nboot: "
            + self.bootId()
            + "\n";
    channel.truncate(0);
    channel.write(ByteBuffer.wrap(whole.getBytes(StandardCharsets.UTF_8)), 0);
  }

  private static boolean isLocked(FileChannel channel) throws IOException {
    long end = System.nanoTime() + GLANCE.toNanos();
    FileLock lock = channel.tryLock();
    while (lock == null && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(GLANCE_STEP.toNanos());
      lock = channel.tryLock();
    }
    return lock != null;
  }

  @Override
  public void close() {
    for (FileChannel channel : held) {
      try (channel) {
        if (channel.isOpen()) {
          channel.truncate(0);
        }
      } catch (IOException e) {
        // The lock is gone with the channel all the same, and a note without one means nothing.
      }
    }
  }
}
