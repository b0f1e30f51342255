package dev.stillpoint.it;

import static org.awaitility.Awaitility.await;

import dev.stillpoint.testkit.HostTools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * What a process and its threads asked of the kernel, in the order in which they did: strace's
 * lines. A call that others overtake has two of them, one at its begin and one at its end.
 *
 * @param lines as strace prints them, with the path behind each descriptor
 */
record SystemCalls(List<String> lines) {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int LONGEST_TEXT = 2000;

  /** Calls that make, change, sync or read files, or talk. */
  private static final String CALLS =
      "open,openat,creat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,truncate,ftruncate,"
          + "fallocate,fsync,fdatasync,sync_file_range,syncfs,sync,read,pread64,preadv,write,pwrite64,"
          + "pwritev,writev,sendto,sendmsg,recvfrom,recvmsg";

  /** Before a command line, to have its calls written to a file while it remains our own child. */
  static List<String> tracing(Path output) {
    var command = new ArrayList<>(strace(output));
    command.add("-D");
    return command;
  }

  private static List<String> strace(Path output) {
    return List.of(
        HostTools.path("strace"),
        "-f",
        "-ttt",
        "-y",
        "-s",
        Integer.toString(LONGEST_TEXT),
        "--seccomp-bpf",
        "-e",
        "trace=" + CALLS,
        "-o",
        output.toString());
  }

  /** What was written to the file, once the process of {@link #tracing} has ended. */
  static SystemCalls ofEnded(Path output, long pid) {
    String end = "+++ exited with";
    await()
        .atMost(PATIENCE)
        .until(() ->
            read(output).stream()
                .anyMatch(line -> line.startsWith(pid + " ") && line.contains(end)));
    return new SystemCalls(read(output));
  }

  private static List<String> read(Path output) {
    try {
      return Files.readString(output, StandardCharsets.ISO_8859_1).lines().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The place of the first line of this kind at or after another place. */
  int find(int from, Predicate<String> wanted) {
    for (int i = from; i < lines.size(); i++) {
      if (wanted.test(lines.get(i))) {
        return i;
      }
    }
    throw new AssertionError(
        "no such line from " + from + " on among the " + lines.size() + " of strace");
  }

  /** The lines after one place and before another. */
  SystemCalls between(int before, int after) {
    return new SystemCalls(lines.subList(before + 1, after));
  }

  List<String> all(Predicate<String> wanted) {
    return lines.stream().filter(wanted).toList();
  }

  /** A strace on a process that runs; the process outlives it. */
  static final class Attached implements AutoCloseable {
    private final Process strace;
    private final Path output;

    private Attached(Process strace, Path output) {
      this.strace = strace;
      this.output = output;
    }

    /** Returns once every thread is watched. */
    static Attached to(long pid, Path output) throws IOException {
      // A filter in the kernel can be given to a new process only.
      var command = new ArrayList<>(strace(output));
      command.remove("--seccomp-bpf");
      command.addAll(List.of("-p", Long.toString(pid)));
      Path told = output.resolveSibling(output.getFileName() + ".told");
      Process strace =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(told.toFile())
              .start();
      var attached = new Attached(strace, output);
      try {
        await().atMost(PATIENCE).until(() -> Files.readString(told).contains("attached"));
      } catch (RuntimeException e) {
        attached.close();
        throw e;
      }
      return attached;
    }

    /** Lets the process go, and tells what it did. */
    SystemCalls ended() {
      close();
      return new SystemCalls(read(output));
    }

    @Override
    public void close() {
      // strace lets go of what it watches on SIGTERM.
      strace.destroy();
      try {
        if (!strace.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
          strace.destroyForcibly();
        }
      } catch (InterruptedException e) {
        strace.destroyForcibly();
        Thread.currentThread().interrupt();
      }
    }
  }
}
