package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The command line in a process of its own, from the jars that the build has made. */
public final class CommandLineProcess implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 60;
  private static final Path CLI = Path.of("..", "cli", "target").toAbsolutePath().normalize();
  private static final String MAIN = "dev.stillpoint.cli.Stillpoint";

  /** One run that has ended: the exit code, and what was written where. */
  public record Run(int code, String out, String err) {}

  /** The two ways to start Java from jars. */
  public enum Way {
    CLASS_PATH {
      @Override
      List<String> arguments(String jars) {
        return List.of("--enable-native-access=ALL-UNNAMED", "-cp", jars, MAIN);
      }
    },
    MODULE_PATH {
      @Override
      List<String> arguments(String jars) {
        return List.of(
            "--enable-native-access=org.newsclub.net.unix",
            "-p",
            jars,
            "-m",
            "dev.stillpoint.cli/" + MAIN);
      }
    };

    abstract List<String> arguments(String jars);
  }

  private final Process process;
  private final Path out;
  private final Path err;

  private CommandLineProcess(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /** Starts it; what it writes is kept in the directory. */
  static CommandLineProcess start(Way way, Path directory, String... arguments) throws IOException {
    return start(Map.of(), List.of(), List.of(), way, directory, arguments);
  }

  /** Starts it with further jars on its path. */
  public static CommandLineProcess startWith(
      List<Path> jars, Way way, Path directory, String... arguments) throws IOException {
    return start(Map.of(), List.of(), List.of(), jars, way, directory, arguments);
  }

  /** Starts it so that it tells its progress on standard error. */
  static CommandLineProcess startTelling(Path directory, String... arguments) throws IOException {
    Map<String, String> telling = Map.of("STILLPOINT_PROGRESS", "1");
    return start(telling, List.of(), List.of(), Way.CLASS_PATH, directory, arguments);
  }

  /** Starts it behind another program's command line and with options for the JVM. */
  public static CommandLineProcess startUnder(
      List<String> program, List<String> options, Way way, Path directory, String... arguments)
      throws IOException {
    return start(Map.of(), program, options, way, directory, arguments);
  }

  private static CommandLineProcess start(
      Map<String, String> environment,
      List<String> program,
      List<String> options,
      Way way,
      Path directory,
      String... arguments)
      throws IOException {
    return start(environment, program, options, List.of(), way, directory, arguments);
  }

  private static CommandLineProcess start(
      Map<String, String> environment,
      List<String> program,
      List<String> options,
      List<Path> more,
      Way way,
      Path directory,
      String... arguments)
      throws IOException {
    // Signals as a terminal leaves them: a build in the background has some of them ignored.
    var command = new ArrayList<>(List.of("env", "--default-signal=INT,TERM,HUP"));
    command.addAll(program);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    // Whatever is not told where to keep its journal keeps it in the test's own directory.
    command.add("-Duser.name=test");
    command.add("-Duser.home=" + directory);
    command.addAll(options);
    command.addAll(way.arguments(jars(more)));
    command.addAll(List.of(arguments));
    Path out = Files.createTempFile(directory, "out", "");
    Path err = Files.createTempFile(directory, "err", "");
    var builder = new ProcessBuilder(command);
    builder.environment().remove("XDG_STATE_HOME");
    builder.environment().putAll(environment);
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    return new CommandLineProcess(process, out, err);
  }

  private static String jars(List<Path> more) throws IOException {
    try (Stream<Path> own = Files.list(CLI);
        Stream<Path> others = Files.list(CLI.resolve("lib"))) {
      Stream<String> ours =
          Stream.concat(own, others)
              .map(Path::toString)
              .filter(file -> file.endsWith(".jar"))
              .sorted();
      return Stream.concat(ours, more.stream().map(Path::toString))
          .collect(Collectors.joining(File.pathSeparator));
    }
  }

  long pid() {
    return process.pid();
  }

  /** SIGTERM. */
  void terminate() {
    process.destroy();
  }

  /** What it has written to standard error so far. */
  String said() throws IOException {
    return Files.readString(err);
  }

  /** What it has written to standard output so far. */
  String told() throws IOException {
    return Files.readString(out);
  }

  /** Lets a little of its life pass, or all that is left. */
  void live(Duration some) throws InterruptedException {
    boolean unused = process.waitFor(some.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** A signal by its name. */
  void send(String signal) throws IOException, InterruptedException {
    assertEquals(0, new ProcessBuilder("kill", "-" + signal, "" + process.pid()).start().waitFor());
  }

  /** SIGKILL; returns when it is gone. */
  void kill() throws InterruptedException {
    assertTrue(process.destroyForcibly().waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it lives");
  }

  /** Waits for its end. */
  public Run ended() throws IOException, InterruptedException {
    assertTrue(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS), "it did not end");
    return new Run(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
