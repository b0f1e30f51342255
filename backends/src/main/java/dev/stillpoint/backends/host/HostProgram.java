package dev.stillpoint.backends.host;

import dev.stillpoint.core.spi.Deadline;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** A short program of the host: no shell, its arguments as they are, bounded time and output. */
public final class HostProgram {
  /** How long it may run. */
  public static final Duration MAX_TIME = Duration.ofSeconds(10);

  /** How long the end of one is awaited that must not be killed. */
  public static final Duration MAX_UNKILLED = Duration.ofMinutes(10);

  /** How long after its end what it said may still come, from a child that it has left. */
  private static final Duration LAST_WORDS = Duration.ofSeconds(2);

  /** How much it may say on each of its two outputs, in bytes. */
  public static final int MAX_OUTPUT = 1024 * 1024;

  private static final List<String> SYSTEM_DIRECTORIES = List.of("/usr/sbin", "/sbin");

  private final Path file;

  private HostProgram(Path file) {
    this.file = file;
  }

  /** What it said. */
  public record Said(int status, String out, String err) {}

  /** The program on the path or among the system's; empty where it is not installed. */
  public static Optional<HostProgram> find(String name) {
    String path = Optional.ofNullable(System.getenv("PATH")).orElse("/usr/bin:/bin");
    return Stream.concat(Stream.of(path.split(File.pathSeparator)), SYSTEM_DIRECTORIES.stream())
        .filter(directory -> directory.startsWith("/"))
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst()
        .map(HostProgram::new);
  }

  /** The program in this file; empty where that is none, or may not be run. */
  public static Optional<HostProgram> at(Path file) {
    return Files.isRegularFile(file) && Files.isExecutable(file)
        ? Optional.of(new HostProgram(file))
        : Optional.empty();
  }

  /**
   * Runs it to its end, and blocks for that.
   *
   * @throws IOException when it cannot be started, takes longer than {@link #MAX_TIME}, or says
   *     more than {@link #MAX_OUTPUT}; it is killed then
   */
  public Said run(List<String> arguments) throws IOException {
    return run(arguments, "", Deadline.after(MAX_TIME));
  }

  /**
   * The same with another bound.
   *
   * @param input what it is told on its standard input
   * @throws IOException as above, with the deadline instead of {@link #MAX_TIME}
   */
  public Said run(List<String> arguments, String input, Deadline deadline) throws IOException {
    Process process = start(arguments);
    try {
      return said(process, input, deadline, true);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  /**
   * Runs it to its end and does not kill it, whatever happens.
   *
   * @throws IOException when it cannot be started or its end is not seen within {@link
   *     #MAX_UNKILLED}
   */
  public Said runToEnd(List<String> arguments) throws IOException {
    return said(start(arguments), "", Deadline.after(MAX_UNKILLED), false);
  }

  private Process start(List<String> arguments) throws IOException {
    var command = new ArrayList<>(List.of(file.toString()));
    command.addAll(arguments);
    var builder = new ProcessBuilder(command);
    builder.environment().put("LC_ALL", "C.UTF-8");
    return builder.start();
  }

  private Said said(Process process, String input, Deadline deadline, boolean kill)
      throws IOException {
    FutureTask<byte[]> out = reading(process, process.getInputStream(), kill);
    FutureTask<byte[]> err = reading(process, process.getErrorStream(), kill);
    try {
      tell(process, input);
      if (!process.waitFor(deadline.remaining().toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException(file + " did not end in time");
      }
      return new Said(process.exitValue(), text(out), text(err));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + file + " ran", e);
    }
  }

  /** On a thread of its own: one that reads nothing would hold its caller past every deadline. */
  private static void tell(Process process, String input) {
    Thread.ofPlatform()
        .daemon()
        .name("stillpoint-program-input")
        .start(() -> {
          try (OutputStream to = process.getOutputStream()) {
            to.write(input.getBytes(StandardCharsets.UTF_8));
          } catch (IOException e) {
            // It has closed its end without reading: what it has to say it says elsewhere.
          }
        });
  }

  /**
   * Reads on past the limit and keeps none of it, so that the program is not held by a full pipe.
   */
  private static FutureTask<byte[]> reading(Process process, InputStream from, boolean kill) {
    var task =
        new FutureTask<>(() -> {
          byte[] bytes = from.readNBytes(MAX_OUTPUT + 1);
          if (bytes.length > MAX_OUTPUT && kill) {
            process.destroyForcibly();
          } else if (bytes.length > MAX_OUTPUT) {
            from.transferTo(OutputStream.nullOutputStream());
          }
          return bytes;
        });
    Thread.ofPlatform().daemon().name("stillpoint-program").start(task);
    return task;
  }

  private String text(FutureTask<byte[]> output) throws IOException, InterruptedException {
    try {
      byte[] bytes = output.get(LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
      if (bytes.length > MAX_OUTPUT) {
        throw new IOException(file + " said more than " + MAX_OUTPUT + " bytes");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("what " + file + " said could not be read", e);
    }
  }
}
