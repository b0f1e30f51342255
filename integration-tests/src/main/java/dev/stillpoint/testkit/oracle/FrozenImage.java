package dev.stillpoint.testkit.oracle;

import dev.stillpoint.testkit.HostCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A raw copy of one disk as a backup would read it, in a directory of its own that {@link #close}
 * removes. Needs root where a file system must be mounted.
 */
public final class FrozenImage implements AutoCloseable {
  private final Path directory;
  private final Path raw;

  private FrozenImage(Path directory, Path raw) {
    this.directory = directory;
    this.raw = raw;
  }

  /** Reads an image, whose chain may be in use as backing files, into a raw copy. */
  public static FrozenImage of(Path image, String format) {
    try {
      Path directory = Files.createTempDirectory("sp-image-");
      Path raw = directory.resolve("disk.raw");
      var copy = new FrozenImage(directory, raw);
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
            raw.toString());
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
    var check = HostCommand.attempt(directory, List.of("e2fsck", "-fn", raw.toString()));
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
    Map<String, String> asIs = contents(raw, "ro,norecovery");
    Path replayed = directory.resolve("replayed.raw");
    run("cp", "--sparse=always", raw.toString(), replayed.toString());
    // Two file systems with one uuid are never mounted at once here, but nouuid costs nothing.
    Map<String, String> after = contents(replayed, "nouuid");
    boolean same = asIs.equals(after);
    return new Finding(
        same,
        same
            ? asIs.size() + " files read the same before and after the log's replay"
            : "the log's replay changes what is read");
  }

  /** The writer's number on an ext4, read past the journal. */
  public long ext4Sequence() {
    return Long.parseLong(
        run("debugfs", "-R", "cat /seq", raw.toString())
            .lines()
            .filter(line -> line.matches("\\d{16}"))
            .findFirst()
            .orElse("-1"));
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
    run("mount", "-o", "loop," + options, image.toString(), point.toString());
    try {
      return look.apply(point);
    } finally {
      run("umount", point.toString());
    }
  }

  private String run(String... command) {
    return HostCommand.run(directory, List.of(command));
  }

  @Override
  public void close() {
    for (String name : List.of("disk.raw", "replayed.raw", "mnt", "")) {
      try {
        Files.deleteIfExists(directory.resolve(name));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
