package dev.stillpoint.testkit.oracle;

import dev.stillpoint.testkit.HostCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A raw copy of one disk as a backup would read it, in a directory of its own that {@link #close}
 * removes; so does the end of the JVM, also on Ctrl-C. Needs root where a file system must be
 * mounted.
 */
public final class FrozenImage implements AutoCloseable {
  private static final Set<FrozenImage> LIVE = new HashSet<>();
  private static boolean ending;

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(FrozenImage::closeAll, "stillpoint-images-end"));
  }

  private final Path directory;
  private final Path raw;
  private boolean mounted;
  private boolean closed;

  private FrozenImage(Path directory, Path raw) {
    this.directory = directory;
    this.raw = raw;
  }

  private static FrozenImage inNewDirectory() throws IOException {
    synchronized (LIVE) {
      if (ending) {
        throw new IllegalStateException("the JVM is ending");
      }
      Path directory = Files.createTempDirectory("sp-image-");
      var image = new FrozenImage(directory, directory.resolve("disk.raw"));
      LIVE.add(image);
      return image;
    }
  }

  private static void closeAll() {
    List<FrozenImage> all;
    synchronized (LIVE) {
      ending = true;
      all = List.copyOf(LIVE);
    }
    all.forEach(FrozenImage::close);
  }

  /** Reads an image, whose chain may be in use as backing files, into a raw copy. */
  public static FrozenImage of(Path image, String format) {
    try {
      FrozenImage copy = inNewDirectory();
      try {
        copy.run(
            "qemu-img",
            "convert",
            "-U",
            "-f",
            format,
            "-O",
            "raw",
            image.toString(),
            copy.raw.toString());
      } catch (RuntimeException e) {
        copy.close();
        throw e;
      }
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether this ext4 needs neither repair nor the replay of its journal. */
  public Finding ext4() {
    var check = attempt("e2fsck", "-fn", raw.toString());
    boolean replay = run("dumpe2fs", "-h", raw.toString()).contains("needs_recovery");
    boolean clean = check.status() == 0 && !replay;
    return new Finding(
        clean,
        "e2fsck -fn ended with "
            + check.status()
            + (replay ? ", the journal needs recovery" : ", no journal to replay"));
  }

  /**
   * Whether this XFS reads the same with and without the replay of its log. A frozen XFS has a
   * dirty log all the same, so that the check by {@code xfs_repair} would prove nothing.
   */
  public Finding xfs() {
    // Guests are made of the same blank disks, so another copy may be mounted by somebody else now:
    // without nouuid the kernel refuses a second file system of one uuid.
    Map<String, String> asIs = contents(raw, "ro,norecovery,nouuid");
    Path replayed = directory.resolve("replayed.raw");
    run("cp", "--sparse=always", raw.toString(), replayed.toString());
    Map<String, String> after = contents(replayed, "nouuid");
    boolean same = asIs.equals(after);
    return new Finding(
        same,
        same
            ? asIs.size() + " files read the same before and after the log's replay"
            : "the log's replay changes what is read");
  }

  /**
   * The writer's number on an ext4, read past the journal, and past checksums: those of a file
   * system that was not frozen may be ahead of what they cover.
   */
  public long ext4Sequence() {
    String read = run("debugfs", "-n", "-R", "cat /seq", raw.toString());
    return read.lines()
        .filter(line -> line.matches("\\d{16}"))
        .findFirst()
        .map(Long::parseLong)
        .orElseThrow(() -> new IllegalStateException("no number on this ext4: " + read));
  }

  /** The writer's number on an XFS, read without the log's replay. */
  public long xfsSequence() {
    return mounted(raw, "ro,norecovery,nouuid", point -> number(point.resolve("seq")));
  }

  private static long number(Path file) {
    try {
      return Long.parseLong(Files.readString(file).strip());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Map<String, String> contents(Path image, String options) {
    return mounted(image, options, FrozenImage::hashes);
  }

  private static Map<String, String> hashes(Path root) {
    var hashes = new TreeMap<String, String>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
        hashes.put(root.relativize(file).toString(), HexFormat.of().formatHex(digest));
      }
      return hashes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private <T> T mounted(Path image, String options, java.util.function.Function<Path, T> look) {
    Path point = directory.resolve("mnt");
    try {
      Files.createDirectories(point);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    // The loop device is the mount's own: it goes with the unmount.
    mount("mount", "-o", "loop," + options, image.toString(), point.toString());
    try {
      return look.apply(point);
    } finally {
      unmount(point);
    }
  }

  private synchronized void mount(String... command) {
    mounted = true;
    run(command);
  }

  private synchronized void unmount(Path point) {
    if (!closed) {
      run("umount", point.toString());
      mounted = false;
    }
  }

  private synchronized String run(String... command) {
    requireOpen();
    return HostCommand.run(directory, List.of(command));
  }

  private synchronized HostCommand.Result attempt(String... command) {
    requireOpen();
    return HostCommand.attempt(directory, List.of(command));
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the image was closed");
    }
  }

  /** Waits for the program that looks at it now, if any. A second call does nothing. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    synchronized (LIVE) {
      LIVE.remove(this);
    }
    if (mounted) {
      // Lazily: whoever was interrupted may still read in it.
      var unused =
          HostCommand.attempt(
              Path.of("/"), List.of("umount", "-l", directory.resolve("mnt").toString()));
    }
    for (String name : List.of("disk.raw", "replayed.raw", "mnt", "")) {
      try {
        Files.deleteIfExists(directory.resolve(name));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
