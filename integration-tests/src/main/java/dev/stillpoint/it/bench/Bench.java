package dev.stillpoint.it.bench;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.LineSocket;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * The benchmarks as a program: {@code round-trip}, {@code monitors} (with {@code --monitors N}) or
 * {@code schema}, all of them without a word. They print figures and judge none. Exit code 0 when
 * they ran, 1 when one could not, 2 when it was not understood.
 */
public final class Bench {
  private static final List<String> ALL = List.of("round-trip", "monitors", "schema");
  private static final int DEFAULT_MONITORS = 1000;
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String USAGE =
      "usage: ./verify bench [round-trip | monitors [--monitors N] | schema]";

  private Bench() {}

  /** Runs what is named, or all. */
  public static void main(String[] args) {
    List<String> chosen = args.length == 0 ? ALL : List.of(args[0]);
    int monitors = DEFAULT_MONITORS;
    try {
      if (args.length == 3 && args[0].equals("monitors") && args[1].equals("--monitors")) {
        monitors = Math.max(1, Integer.parseInt(args[2]));
      } else if (args.length > 1 || !ALL.containsAll(chosen)) {
        throw new IllegalArgumentException(args[0]);
      }
    } catch (IllegalArgumentException e) {
      System.err.println(USAGE);
      System.exit(2);
    }
    int code = 0;
    try {
      for (String one : chosen) {
        run(one, monitors);
      }
    } catch (RuntimeException | IOException | RunnerException e) {
      System.out.println("bench: FAILED: " + e);
      code = 1;
    }
    System.exit(code);
  }

  private static void run(String one, int monitors) throws IOException, RunnerException {
    switch (one) {
      case "round-trip" -> RoundTrip.run();
      case "monitors" -> ManyMonitors.run(monitors);
      default -> schema();
    }
  }

  private static void schema() throws IOException, RunnerException {
    try (QemuProcess qemu = QemuProcess.machineNone();
        LineSocket monitor = LineSocket.connect(qemu.qmp())) {
      monitor.readLine(Deadline.in(PATIENCE));
      monitor.send("{\"execute\": \"qmp_capabilities\"}\n");
      monitor.readLine(Deadline.in(PATIENCE));
      monitor.send("{\"execute\": \"query-qmp-schema\", \"id\": 1}\n");
      byte[] answer =
          (monitor.readLine(Deadline.in(PATIENCE)) + "\n").getBytes(StandardCharsets.UTF_8);
      Path file = qemu.directory().resolve("schema.json");
      Files.write(file, answer);
      System.out.println("schema: the answer has " + answer.length + " bytes");
      new Runner(
              new OptionsBuilder()
                  .include(SchemaDecode.class.getName())
                  .jvmArgsAppend("-D" + SchemaDecode.FILE + "=" + file)
                  .build())
          .run();
    }
  }
}
