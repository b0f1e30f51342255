package dev.stillpoint.it.chaos;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.HostCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Our processes of one round: the command line that is run, and the guards that it starts. All of
 * them name the round's directory on their command lines, and are known by that.
 */
final class Ours implements AutoCloseable {
  private static final String GUARD = "GuardProcess";
  private static final Duration START = Duration.ofSeconds(1);
  private static final Duration END = Duration.ofSeconds(10);

  private final Path directory;
  private final Optional<Path> terminal;
  private final List<Run> runs = new ArrayList<>();

  /**
   * Processes that keep all that is theirs in this directory.
   *
   * @param terminal where their standard error goes; empty for a file
   */
  Ours(Path directory, Optional<Path> terminal) {
    this.directory = directory;
    this.terminal = terminal;
  }

  /** One command, running or ended. */
  record Run(Process process, Path out, Path err) {
    boolean ended(Duration limit) {
      try {
        return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    int code() {
      return process.exitValue();
    }

    String output() {
      return read(out);
    }

    String errors() {
      return Files.isRegularFile(err) ? read(err) : "";
    }

    private static String read(Path file) {
      try {
        return Files.readString(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Starts {@code stillpoint} with these arguments. */
  synchronized Run start(List<String> arguments) {
    var command = new ArrayList<String>(List.of("env", "--default-signal=INT,TERM,HUP"));
    command.addAll(JavaStart.command());
    command.addAll(
        List.of("-Djava.io.tmpdir=" + directory, "-Duser.home=" + directory, JavaStart.MAIN));
    command.addAll(arguments);
    try {
      Path out = directory.resolve("out" + runs.size());
      Path err = terminal.orElse(directory.resolve("err" + runs.size()));
      var builder = new ProcessBuilder(command).redirectOutput(out.toFile());
      builder.redirectError(err.toFile()).environment().put("STILLPOINT_PROGRESS", "1");
      var run = new Run(builder.start(), out, err);
      runs.add(run);
      return run;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The guard that is there now, or comes within a moment. */
  Optional<ProcessHandle> guard() {
    var found = new ArrayList<ProcessHandle>();
    Deadline.in(START)
        .await(() -> {
          living().stream().filter(one -> line(one).contains(GUARD)).forEach(found::add);
          return !found.isEmpty() || runs.stream().noneMatch(run -> run.process().isAlive());
        });
    return found.stream().findFirst();
  }

  /** Every process of the round that lives now. */
  List<ProcessHandle> living() {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.filter(one ->
              line(one).contains("\0-Djava.io.tmpdir=" + directory + "\0")
                  || line(one).contains(directory + "/stillpoint-guard"))
          .toList();
    }
  }

  /** Waits until none of them is left; those that are. */
  List<String> stragglers(Duration limit) {
    Deadline.in(limit).await(() -> living().isEmpty());
    return living().stream()
        .map(one -> one.pid() + (line(one).contains(GUARD) ? " (the guard)" : " (ours)"))
        .toList();
  }

  private static String line(ProcessHandle one) {
    try {
      return Files.readString(
          Path.of("/proc", Long.toString(one.pid()), "cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException | UncheckedIOException gone) {
      return "";
    }
  }

  /** A signal by its name; one that has ended meanwhile gets none. */
  static void send(String signal, ProcessHandle process) {
    var unused =
        HostCommand.attempt(
            Path.of("/"), List.of("kill", "-" + signal, Long.toString(process.pid())));
  }

  @Override
  public void close() {
    for (ProcessHandle one : living()) {
      one.destroyForcibly();
    }
    Deadline.in(END).await(() -> living().isEmpty());
  }
}
