package dev.stillpoint.testkit.storage;

import dev.stillpoint.testkit.HostTools;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Daemons in namespaces of their own, with a directory that is the same mount inside and outside: a
 * file system that they mount below it is seen by everybody. A shell starts them and waits for the
 * end of its standard input, which comes when they are closed and also when this JVM is killed;
 * then it kills them, takes their mounts away and deletes the directory. Needs root.
 */
final class Supervised implements AutoCloseable {
  private static final Duration END_LIMIT = Duration.ofSeconds(30);

  /** What would let mounts out again must not be shared; the directory is. */
  private static final String SUPERVISOR =
      """
      trap '' INT TERM HUP PIPE
      D=$1; shift
      end() { umount -l "$D"; rm -rf --one-file-system "$D"; }
      mount --bind "$D" "$D" || { rm -rf "$D"; exit 1; }
      mount --make-private "$D" && mount --make-shared "$D" || { end; exit 1; }
      unshare "$@" >"$D/log" 2>&1 &
      child=$!
      echo $child
      exec >/dev/null 2>&1
      read -r _
      kill -KILL $child
      wait $child
      end
      """;

  private static final String INSIDE =
      """
      for m in / /run /var /var/run /var/lib /var/log /etc /tmp; do
        mount --make-private $m 2>/dev/null
      done
      """;

  private final Path directory;
  private final Process supervisor;
  private final long pid;

  private Supervised(Path directory, Process supervisor, long pid) {
    this.directory = directory;
    this.supervisor = supervisor;
    this.pid = pid;
  }

  /**
   * Starts a script in a new mount namespace, which becomes the daemon or waits for its daemons.
   *
   * @param prefix of the directory's name; the script finds its path in {@code $1}
   * @param namespaces further ones, as options of {@code unshare}
   * @param script for {@code sh}; what it mounts outside of its directory nobody else sees
   */
  static Supervised start(String prefix, List<String> namespaces, String script, String... more) {
    HostTools.require("unshare", "nsenter", "mount", "umount");
    try {
      Path directory = Files.createTempDirectory(prefix).toRealPath();
      var command = new ArrayList<>(List.of("/bin/sh", "-c", SUPERVISOR, "stillpoint-supervisor"));
      command.add(directory.toString());
      command.addAll(List.of("-m", "--propagation", "unchanged"));
      command.addAll(namespaces);
      // The daemon dies with the one whose number is known here.
      command.addAll(List.of("--fork", "--kill-child"));
      command.addAll(List.of("/bin/sh", "-c", INSIDE + script, "sh", directory.toString()));
      command.addAll(List.of(more));
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      var said =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
      String line = said.readLine();
      if (line == null) {
        throw new IllegalStateException("mounts can be made by root only, in " + directory);
      }
      return new Supervised(directory, process, Long.parseLong(line));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Seen by all; what is in it goes with the daemons. */
  Path directory() {
    return directory;
  }

  /** The process in whose namespaces they are. */
  long pid() {
    return pid;
  }

  /** Whether the daemon, or the script that waits for several, runs. */
  boolean isAlive() {
    // One that has ended stays in the table until its supervisor looks, but runs nothing.
    return Files.exists(Path.of("/proc", Long.toString(pid), "exe"));
  }

  /** What they printed. */
  String log() {
    try {
      return Files.readString(directory.resolve("log"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "(no log: " + e.getMessage() + ")";
    }
  }

  /** The words that start a program beside them. */
  List<String> beside(String... which) {
    var command = new ArrayList<>(List.of("nsenter", "-t", Long.toString(pid)));
    command.addAll(List.of(which));
    command.add("--");
    return command;
  }

  /** Waits until nothing of them is left. A second call does nothing. */
  @Override
  public void close() {
    try {
      supervisor.getOutputStream().close();
      if (!supervisor.waitFor(END_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("the supervisor of " + directory + " does not end");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
