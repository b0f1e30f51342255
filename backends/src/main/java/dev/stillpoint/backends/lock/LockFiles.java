package dev.stillpoint.backends.lock;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Every lock file that this process holds or looks at. Java's locks are POSIX locks: they belong to
 * the process, and closing any descriptor of the file drops them. So all files are opened here and
 * nowhere else, and never while this process holds them.
 *
 * <p>A lock file is never renamed or removed: somebody may have it open and lock what nobody can
 * see. An empty one means that nobody is there.
 */
final class LockFiles {
  /** More than any note has. */
  private static final int MAX_NOTE = 16 * 1024;

  private static final Map<Path, Held> HELD = new HashMap<>();

  private LockFiles() {}

  private record Held(FileChannel channel, LockOwner owner) {}

  /** The lock is ours; or it is somebody's, with the note as it was found, perhaps unfinished. */
  sealed interface Attempt {
    record Taken() implements Attempt {}

    record Refused(LockOwner owner) implements Attempt {}
  }

  static Attempt take(Path file, LockOwner owner) throws IOException {
    synchronized (HELD) {
      Held held = HELD.get(file);
      if (held != null) {
        return new Attempt.Refused(held.owner());
      }
      FileChannel channel =
          FileChannel.open(
              file,
              Set.of(
                  StandardOpenOption.CREATE,
                  StandardOpenOption.READ,
                  StandardOpenOption.WRITE,
                  LinkOption.NOFOLLOW_LINKS));
      boolean taken = false;
      try {
        FileLock lock = channel.tryLock();
        if (lock == null) {
          return new Attempt.Refused(LockOwner.parse(read(channel), owner.endpoint()));
        }
        write(channel, owner.note());
        HELD.put(file, new Held(channel, owner));
        taken = true;
        return new Attempt.Taken();
      } finally {
        if (!taken) {
          channel.close();
        }
      }
    }
  }

  /** Who holds it, in this process or another; what a dead owner wrote counts for nothing. */
  static Optional<LockOwner> owner(Path file, String endpoint) throws IOException {
    synchronized (HELD) {
      Held held = HELD.get(file);
      if (held != null) {
        return Optional.of(held.owner());
      }
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        return Optional.empty();
      }
      try (FileChannel channel =
              FileChannel.open(file, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
          FileLock shared = channel.tryLock(0, Long.MAX_VALUE, true)) {
        return shared == null
            ? Optional.of(LockOwner.parse(read(channel), endpoint))
            : Optional.empty();
      }
    }
  }

  static void release(Path file) {
    synchronized (HELD) {
      Held held = HELD.remove(file);
      if (held == null) {
        return;
      }
      try (FileChannel channel = held.channel()) {
        channel.truncate(0);
      } catch (IOException e) {
        // The lock is gone with the channel all the same, and a note without one means nothing.
        return;
      }
    }
  }

  private static void write(FileChannel channel, String note) throws IOException {
    channel.truncate(0);
    ByteBuffer bytes = ByteBuffer.wrap(note.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes, bytes.position());
    }
  }

  private static String read(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(MAX_NOTE);
    while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) > 0) {
      // Until all is read.
    }
    return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
  }
}
