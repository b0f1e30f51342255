package dev.stillpoint.testkit.storage;

import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.HostTools;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A fresh file system in a file, mounted on this host through a loop device. Needs root.
 *
 * <p>{@link #close} unmounts and deletes it; so does the end of the JVM. What a JVM has left that
 * was killed is removed by the next one that makes a mount: the directory's name says whose it is.
 */
public final class LoopMount implements AutoCloseable {
  private static final String PREFIX = "sp-mount-";

  /** Process id, and start in ticks since the boot, of the JVM that made it. */
  private static final Pattern OWNED = Pattern.compile(PREFIX + "(\\d+)-(\\d+)-\\d+");

  /** Field 22 of {@code /proc/PID/stat}. */
  private static final int START_AFTER_NAME = 19;

  private static final List<String> BTRFS = List.of("mkfs.btrfs", "-q", "-m", "single");

  private static final String IMAGE = "image";
  private static final String POINT = "mnt";

  private static final Set<LoopMount> LIVE = ConcurrentHashMap.newKeySet();
  private static boolean ending;

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(LoopMount::closeAll, "stillpoint-mounts-end"));
    removeLeftovers();
  }

  private final Path home;
  private final List<String> options;
  private boolean closed;

  private LoopMount(Path home, List<String> options) {
    this.home = home;
    this.options = List.copyOf(options);
  }

  /** A btrfs of this size; it wants 114 MB at least. */
  public static LoopMount btrfs(long bytes) {
    return make(bytes, BTRFS);
  }

  /** An XFS whose files can share blocks; it wants 300 MB at least. */
  public static LoopMount xfs(long bytes) {
    // Copies of one image may be mounted beside each other.
    return make(bytes, List.of("mkfs.xfs", "-q", "-m", "reflink=1"), "nouuid");
  }

  /** An XFS whose files cannot share blocks. */
  public static LoopMount xfsWithoutReflink(long bytes) {
    return make(bytes, List.of("mkfs.xfs", "-q", "-m", "reflink=0"), "nouuid");
  }

  /** An ext4, whose files cannot share blocks either. */
  public static LoopMount ext4(long bytes) {
    return make(bytes, List.of("mkfs.ext4", "-q", "-F"));
  }

  /**
   * A fresh btrfs in a file that another program shows over FUSE.
   *
   * @param shown makes it show something at this path, where an empty file is; it is unmounted when
   *     this is closed
   */
  public static LoopMount btrfsIn(Consumer<Path> shown) {
    return made(
        image -> {
          Files.createFile(image);
          shown.accept(image);
        },
        BTRFS);
  }

  /** What a file holds; it stays when this is closed. */
  public static LoopMount of(Path file) {
    return made(image -> Files.createSymbolicLink(image, file), List.of());
  }

  private static LoopMount make(long bytes, List<String> mkfs, String... options) {
    return made(
        image -> {
          try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(bytes);
          }
        },
        mkfs,
        options);
  }

  /** Puts something where the image is to be. */
  @FunctionalInterface
  private interface Placing {
    void at(Path image) throws IOException;
  }

  private static LoopMount made(Placing image, List<String> mkfs, String... options) {
    HostTools.require("mount", "umount");
    LoopMount made = inNewDirectory(List.of(options));
    try {
      image.at(made.home.resolve(IMAGE));
      Files.createDirectory(made.path());
      if (!mkfs.isEmpty()) {
        HostTools.require(mkfs.get(0));
        var command = new ArrayList<>(mkfs);
        command.add(IMAGE);
        HostCommand.run(made.home, command);
      }
      made.mount();
      return made;
    } catch (IOException e) {
      made.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      made.close();
      throw e;
    }
  }

  private static synchronized LoopMount inNewDirectory(List<String> options) {
    if (ending) {
      throw new IllegalStateException("the JVM is ending");
    }
    long pid = ProcessHandle.current().pid();
    try {
      Path home =
          Files.createTempDirectory("%s%d-%d-".formatted(PREFIX, pid, startTicks(pid).orElse(0)));
      var made = new LoopMount(home.toRealPath(), options);
      LIVE.add(made);
      return made;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized void mount() {
    if (closed) {
      throw new IllegalStateException("the mount was closed");
    }
    String all =
        Stream.concat(Stream.of("loop"), options.stream())
            .reduce((a, b) -> a + "," + b)
            .orElseThrow();
    // The loop device is the mount's own: it goes with the unmount.
    HostCommand.run(home, List.of("mount", "-o", all, IMAGE, path().toString()));
  }

  /** Where it is mounted; absolute, without a link in it. */
  public Path path() {
    return home.resolve(POINT);
  }

  /** Lets nobody write to it any more, or again. */
  public void remount(boolean readOnly) {
    String option = "remount," + (readOnly ? "ro" : "rw");
    HostCommand.run(home, List.of("mount", "-o", option, path().toString()));
  }

  /** Unmounts and deletes it, whoever may still use it. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    LIVE.remove(this);
    remove(home);
  }

  private static void remove(Path home) {
    Path point = home.resolve(POINT);
    if (HostCommand.attempt(home, List.of("umount", point.toString())).status() != 0) {
      // Busy, or never mounted.
      HostCommand.attempt(home, List.of("umount", "-l", point.toString()));
    }
    // A file that another program showed: if that was ended by force its mount is still there.
    HostCommand.attempt(home, List.of("umount", "-l", home.resolve(IMAGE).toString()));
    try {
      // Nothing below the mount point is ever walked: it may be mounted still.
      for (Path path : List.of(point, home.resolve(IMAGE), home)) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void closeAll() {
    synchronized (LoopMount.class) {
      ending = true;
    }
    LIVE.forEach(LoopMount::close);
  }

  private static void removeLeftovers() {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    try (Stream<Path> all = Files.list(temporary)) {
      all.filter(LoopMount::isOrphan).forEach(LoopMount::remove);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One of ours, whose JVM is no more. */
  private static boolean isOrphan(Path path) {
    Matcher owner = OWNED.matcher(String.valueOf(path.getFileName()));
    return owner.matches()
        && Files.isDirectory(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)
        && startTicks(Long.parseLong(owner.group(1))).orElse(-1) != Long.parseLong(owner.group(2));
  }

  /** Counted by the kernel: a start by the clock shifts when the clock is set. */
  private static OptionalLong startTicks(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      // The name, the second field, may hold blanks itself.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
      return OptionalLong.of(Long.parseLong(fields[START_AFTER_NAME]));
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
