package dev.stillpoint.testkit.storage;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.HostCommand.Result;
import dev.stillpoint.testkit.guest.UnpackedPackages;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A ZFS pool in a file, served by a zfs-fuse of its own. The daemon's socket is in its mount
 * namespace, so that any number of pools, and a real ZFS, can be beside each other; the mounted
 * datasets are seen by everybody. It has no volumes and no {@code .zfs}. Needs root.
 *
 * <p>{@link #close} kills the daemon, takes the mounts away and deletes the file; so does the end
 * of the JVM, in whatever way it comes.
 */
public final class ZfsFusePool implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(20);
  private static final Duration COMMAND_LIMIT = Duration.ofSeconds(30);
  private static final String FILE = "pool";
  private static final Path ANYWHERE = Path.of("/");

  /** It wants a place for its lock, its socket and its list of pools. */
  private static final String DAEMON =
      """
      mount -t tmpfs none /run && mkdir -p /run/lock /run/zfs
      mount -t tmpfs none /var/lib && mkdir /var/lib/zfs
      shift
      exec "$@" --no-daemon --no-kstat-mount --stack-size=1024 --max-arc-size 16
      """;

  private final UnpackedPackages packages;
  private final Supervised daemon;
  private final String name;

  private ZfsFusePool(UnpackedPackages packages, Supervised daemon, String name) {
    this.packages = packages;
    this.daemon = daemon;
    this.name = name;
  }

  /**
   * A new pool, whose top dataset is mounted at {@link #mountPoint}.
   *
   * @param bytes of its file; at least 64 MiB
   */
  public static ZfsFusePool create(long bytes) {
    UnpackedPackages packages = UnpackedPackages.of("zfs-fuse");
    List<String> command = packages.command("sbin/zfs-fuse");
    Supervised daemon =
        Supervised.start("sp-zfs-", List.of(), DAEMON, command.toArray(String[]::new));
    // Also in a pool's own list of its devices nobody can take it for another's.
    var pool = new ZfsFusePool(packages, daemon, "sp" + daemon.pid());
    try {
      pool.begin(bytes);
      return pool;
    } catch (RuntimeException e) {
      daemon.close();
      throw e;
    }
  }

  private void begin(long bytes) {
    var limit = Deadline.in(START_LIMIT);
    boolean answers =
        limit.await(() -> !daemon.isAlive() || attempt("zpool", "list").status() == 0);
    if (!answers || !daemon.isAlive()) {
      throw new IllegalStateException("zfs-fuse does not answer: " + daemon.log().strip());
    }
    addFile(FILE, bytes);
    require("zpool", "create", "-m", mountPoint().toString(), name, file(FILE).toString());
  }

  private Path file(String file) {
    return daemon.directory().resolve(file);
  }

  private void addFile(String file, long bytes) {
    try {
      Files.createFile(file(file));
      try (var channel = Files.newByteChannel(file(file), StandardOpenOption.WRITE)) {
        channel.position(bytes - 1).write(java.nio.ByteBuffer.allocate(1));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The pool's name, which is that of its top dataset too. */
  public String name() {
    return name;
  }

  /** Where the top dataset is mounted; those below it in folders of their names. */
  public Path mountPoint() {
    return file("mnt");
  }

  /** Adds another pool of the same daemon, and returns its name; mounted at {@link #at}. */
  public String addPool(String suffix, long bytes) {
    String added = name + suffix;
    addFile(added, bytes);
    require("zpool", "create", "-m", at(added).toString(), added, file(added).toString());
    return added;
  }

  /** Makes a dataset below the top, and returns where it is mounted. */
  public Path createDataset(String below, String... options) {
    var arguments = new ArrayList<>(List.of("create"));
    arguments.addAll(List.of(options));
    arguments.add(name + "/" + below);
    require("zfs", arguments.toArray(String[]::new));
    return mountPoint().resolve(below);
  }

  /** A place for a mount, outside of all datasets, that everybody sees. */
  public Path at(String folder) {
    return file("at-" + folder);
  }

  /** Runs {@code zfs}, which must end well. */
  public String zfs(String... arguments) {
    return require("zfs", arguments);
  }

  /** Runs {@code zfs}, however it ends. */
  public Result attemptZfs(String... arguments) {
    return attempt("zfs", arguments);
  }

  private String require(String program, String... arguments) {
    Result result = attempt(program, arguments);
    if (result.status() != 0) {
      throw new UncheckedIOException(
          new IOException(program + " " + List.of(arguments) + ": " + result.output().strip()));
    }
    return result.output();
  }

  private Result attempt(String program, String... arguments) {
    return HostCommand.attempt(ANYWHERE, command(program, List.of(arguments)));
  }

  /** The words that start one of its programs, such as {@code zfs}, where the daemon is. */
  public List<String> command(String program, List<String> arguments) {
    var command = new ArrayList<>(daemon.beside("-m"));
    command.addAll(packages.command("sbin/" + program));
    command.addAll(arguments);
    return command;
  }

  /**
   * A clone of a snapshot, for reading; the only way to read one in zfs-fuse.
   *
   * @return the folder in which its files are
   */
  public Path cloned(String snapshot, String clone) {
    Path where = at(clone);
    require(
        "zfs", "clone", "-o", "readonly=on", "-o", "mountpoint=" + where, snapshot, inPool(clone));
    return where;
  }

  /** Destroys a clone. The daemon says "busy" for a while after somebody has read in it. */
  public void destroyClone(String clone) {
    var limit = Deadline.in(COMMAND_LIMIT);
    require("zfs", "unmount", inPool(clone));
    if (!limit.await(() -> attempt("zfs", "destroy", inPool(clone)).status() == 0)) {
      require("zfs", "destroy", inPool(clone));
    }
  }

  private String inPool(String clone) {
    return name + "/" + clone;
  }

  /** Each dataset and snapshot in all pools of this daemon, with the time of its making. */
  public List<String> contents() {
    return require("zfs", "list", "-H", "-o", "name,creation", "-t", "all")
        .lines()
        .sorted()
        .toList();
  }

  /** Ends it, and waits until nothing of it is left. A second call does nothing. */
  @Override
  public void close() {
    daemon.close();
  }
}
