package dev.stillpoint.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One short-lived program of the host, run to its end. */
public final class HostCommand {
  /** A download of a kernel over a slow line is the longest of them. */
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private HostCommand() {}

  /** What the program printed, if it ended with 0; otherwise an exception that quotes it. */
  public static String run(Path directory, List<String> command) {
    Result result = attempt(directory, command);
    if (result.status() != 0) {
      throw new UncheckedIOException(
          new IOException(
              "`%s` ended with %d: %s"
                  .formatted(String.join(" ", command), result.status(), result.output().strip())));
    }
    return result.output();
  }

  /** How the program ended, whatever that was. */
  public static Result attempt(Path directory, List<String> command) {
    var absolute = new ArrayList<>(command);
    absolute.set(0, HostTools.path(command.get(0)));
    var builder =
        new ProcessBuilder(absolute).directory(directory.toFile()).redirectErrorStream(true);
    builder.environment().put("LC_ALL", "C");
    builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      CompletableFuture<Void> killer =
          CompletableFuture.runAsync(
              process::destroyForcibly,
              CompletableFuture.delayedExecutor(LIMIT.toMillis(), TimeUnit.MILLISECONDS));
      var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int status = process.waitFor();
      killer.cancel(false);
      return new Result(status, output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while running " + command, e);
    }
  }

  /** Exit status, and standard output and error as they came. */
  public record Result(int status, String output) {}
}
