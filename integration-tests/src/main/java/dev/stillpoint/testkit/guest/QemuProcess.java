package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.HostTools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * One running QEMU program in a directory of its own: {@code qemu-system-x86_64} or {@code
 * qemu-storage-daemon}.
 *
 * <p>{@link #close} kills the process by its handle, waits for its end and deletes the directory.
 * The same happens when the JVM ends, in whatever way: a shutdown hook does it, and where the JVM
 * is killed, a watching shell does.
 */
public final class QemuProcess implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(20);
  private static final Duration END_LIMIT = Duration.ofSeconds(10);
  private static final String SOCKET = "qmp.sock";

  private static final Set<QemuProcess> LIVE = ConcurrentHashMap.newKeySet();

  /** All that were made, with a process or not yet: Ctrl-C may come in between. */
  private static final Set<Path> DIRECTORIES = ConcurrentHashMap.newKeySet();

  private static boolean ending;

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(QemuProcess::closeAll, "stillpoint-qemu-end"));
  }

  private final Path directory;
  private final Process process;
  private final Process watcher;

  private QemuProcess(Path directory, Process process, Process watcher) {
    this.directory = directory;
    this.process = process;
    this.watcher = watcher;
  }

  /** {@code qemu-system-x86_64 -machine none} with a monitor at {@link #qmp()}. */
  public static QemuProcess machineNone(String... arguments) {
    var command =
        new ArrayList<>(
            List.of("qemu-system-x86_64", "-machine", "none", "-display", "none", "-nodefaults"));
    Path directory = newDirectory();
    command.addAll(List.of("-qmp", "unix:" + directory.resolve(SOCKET) + ",server=on,wait=off"));
    command.addAll(List.of(arguments));
    return startAndAwait(directory, command);
  }

  /** {@code qemu-storage-daemon} with a monitor at {@link #qmp()}. */
  public static QemuProcess storageDaemon(String... arguments) {
    Path directory = newDirectory();
    var command =
        new ArrayList<>(
            List.of(
                "qemu-storage-daemon",
                "--chardev",
                "socket,id=qmp,path=" + directory.resolve(SOCKET) + ",server=on,wait=off",
                "--monitor",
                "chardev=qmp"));
    command.addAll(List.of(arguments));
    return startAndAwait(directory, command);
  }

  /** An empty directory for one process; short, because a socket's path has 107 bytes. */
  static synchronized Path newDirectory() {
    requireGoingOn();
    try {
      Path directory = Files.createTempDirectory("sp-qemu-").toRealPath();
      DIRECTORIES.add(directory);
      return directory;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static QemuProcess startAndAwait(Path directory, List<String> command) {
    QemuProcess started = start(directory, command);
    started.awaitSocket(started.qmp());
    started.awaitMonitor();
    return started;
  }

  /** It listens before its monitor is set up, and greets twice whoever comes in between. */
  private void awaitMonitor() {
    try {
      ControlMonitor.connect(qmp()).close();
    } catch (IOException e) {
      String log = log();
      close();
      throw new IllegalStateException("QEMU's monitor does not answer: " + log.strip(), e);
    }
  }

  /** Starts the program in the directory, which from now on belongs to the process. */
  static synchronized QemuProcess start(Path directory, List<String> command) {
    requireGoingOn();
    var absolute = new ArrayList<>(command);
    absolute.set(0, HostTools.path(command.get(0)));
    try {
      Process process =
          new ProcessBuilder(absolute)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("qemu.log").toFile())
              .start();
      process.getOutputStream().close();
      var started = new QemuProcess(directory, process, watched(process, directory));
      LIVE.add(started);
      return started;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Process watched(Process process, Path directory) throws IOException {
    try {
      return watch(process.pid(), directory);
    } catch (IOException e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /**
   * A JVM that is killed runs no hook. Then its end of the watcher's standard input closes; read
   * fails, and the shell kills the process and deletes the directory.
   */
  private static Process watch(long pid, Path directory) throws IOException {
    return new ProcessBuilder(
            "/bin/sh",
            "-c",
            "trap '' INT TERM HUP; read -r _; kill -KILL \"$1\"; rm -rf \"$2\"",
            "stillpoint-watch",
            Long.toString(pid),
            directory.toString())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** The monitor for the test. */
  public Path qmp() {
    return directory.resolve(SOCKET);
  }

  /** The directory of the process: sockets, logs, images. Deleted by {@link #close}. */
  public Path directory() {
    return directory;
  }

  /** The process id of QEMU itself. */
  public long pid() {
    return process.pid();
  }

  /** Whether it still runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** What QEMU printed so far. */
  public String log() {
    try {
      return Files.readString(directory.resolve("qemu.log"));
    } catch (IOException e) {
      return "(no log: " + e.getMessage() + ")";
    }
  }

  /** Waits until QEMU listens there: the file alone is there a moment before. */
  void awaitSocket(Path socket) {
    boolean there = Deadline.in(START_LIMIT).await(() -> listens(socket) || !process.isAlive());
    if (!there || !process.isAlive()) {
      String log = log();
      close();
      throw new IllegalStateException("QEMU did not start: " + log.strip());
    }
  }

  private boolean listens(Path socket) {
    return Files.exists(socket) && !ListeningSockets.inodes(socket, pid()).isEmpty();
  }

  /** The ids of all that the kit started and that still run. */
  static Set<Long> livePids() {
    var pids = new TreeSet<Long>();
    LIVE.stream().filter(QemuProcess::isAlive).forEach(live -> pids.add(live.pid()));
    return pids;
  }

  /** The other threads go on while the JVM ends; nothing of theirs must come after this. */
  private static void closeAll() {
    synchronized (QemuProcess.class) {
      ending = true;
    }
    LIVE.forEach(QemuProcess::close);
    DIRECTORIES.forEach(QemuProcess::delete);
  }

  private static void requireGoingOn() {
    if (ending) {
      throw new IllegalStateException("the JVM is ending");
    }
  }

  private static void delete(Path directory) {
    try {
      FileTrees.delete(directory);
      DIRECTORIES.remove(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Kills, waits, deletes. A second call does nothing. */
  @Override
  public synchronized void close() {
    process.destroyForcibly();
    end(process);
    // Only now: should the JVM be killed in between, the watcher still clears up.
    watcher.destroyForcibly();
    end(watcher);
    LIVE.remove(this);
    delete(directory);
  }

  private static void end(Process child) {
    try {
      if (!child.waitFor(END_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("process %d survives SIGKILL".formatted(child.pid()));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
