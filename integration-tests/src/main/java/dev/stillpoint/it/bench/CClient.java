package dev.stillpoint.it.bench;

import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.HostTools;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** The least that speaks QMP, in C, as a process that asks when it is told to. */
final class CClient implements AutoCloseable {
  private static final String SOURCE = "round-trip.c";

  private final Process process;
  private final OutputStream orders;
  private final BufferedReader answers;

  private CClient(Process process) {
    this.process = process;
    this.orders = process.getOutputStream();
    this.answers =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
  }

  /** Whether it can be compiled here. */
  static boolean isPossible() {
    return HostTools.find("gcc").isPresent();
  }

  /** Compiles it into the directory and connects it. */
  static CClient start(Path directory, Path monitor) {
    try (InputStream source = CClient.class.getResourceAsStream(SOURCE)) {
      Path file = directory.resolve(SOURCE);
      Path program = directory.resolve("round-trip");
      Files.write(file, Objects.requireNonNull(source).readAllBytes());
      HostCommand.run(
          directory, List.of("gcc", "-O2", "-Wall", "-o", program.toString(), file.toString()));
      return new CClient(
          new ProcessBuilder(program.toString(), monitor.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How long each of so many round trips took, in nanoseconds. */
  long[] ask(int rounds) {
    try {
      orders.write((rounds + "\n").getBytes(StandardCharsets.US_ASCII));
      orders.flush();
      long[] took = new long[rounds];
      for (int i = 0; i < rounds; i++) {
        took[i] = Long.parseLong(line());
      }
      line();
      return took;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String line() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("the C client has ended");
    }
    return line;
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
