package dev.stillpoint.qga;

import dev.stillpoint.qga.command.Bytes;
import dev.stillpoint.qga.qapi.GuestExec;
import dev.stillpoint.qga.qapi.GuestExecStatus;
import dev.stillpoint.qga.qapi.GuestExecStatusResult;
import dev.stillpoint.qmp.error.CommandException;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * Programs in the guest, run to their end ({@code guest-exec}, {@code guest-exec-status}). From any
 * thread. A frozen guest runs none.
 *
 * {@snippet :
 * var processes = new GuestProcesses(client);
 * var program =
 *     GuestExec.of("/bin/uname")
 *         .withArg(List.of("-r"))
 *         .withCaptureOutput(GuestExecCaptureOutput.of(true));
 * String kernel = processes.run(program, Duration.ofSeconds(10)).join().out().text();
 * }
 */
public final class GuestProcesses {
  /** The agent keeps this many bytes of each output and drops the rest. */
  public static final int MAX_OUTPUT = 16 * 1024 * 1024;

  /**
   * How long after the start it is asked first; the pause doubles from one question to the next.
   */
  public static final Duration FIRST_PAUSE = Duration.ofMillis(10);

  /** The longest pause between two questions. */
  public static final Duration LONGEST_PAUSE = Duration.ofMillis(500);

  private static final Bytes NOTHING = Bytes.of(new byte[0]);

  private final QgaClient client;

  /** Runs them by this client, which stays the caller's to close. */
  public GuestProcesses(QgaClient client) {
    this.client = client;
  }

  /**
   * How a program ended.
   *
   * @param exitCode empty when a signal or an exception ended it
   * @param signal the signal, or the exception's number on Windows
   * @param out its standard output; empty where it was not captured
   * @param err its error output; empty where it was not captured
   * @param truncated whether either is only the beginning, {@link #MAX_OUTPUT} bytes
   */
  public record Ended(
      OptionalInt exitCode, OptionalLong signal, Bytes out, Bytes err, boolean truncated) {
    /** Whether it ended by itself with 0. */
    public boolean isSuccess() {
      return exitCode.isPresent() && exitCode.getAsInt() == 0;
    }
  }

  /**
   * Starts a program and waits for its end.
   *
   * @param timeout for all of it. A program that runs longer is not ended: no agent can do that
   * @return how it ended, whatever its exit code; exceptionally with a {@link CommandException},
   *     which is a {@link CommandException.MayHaveRun} of {@code guest-exec} when the timeout
   *     passes
   */
  public CompletableFuture<Ended> run(GuestExec program, Duration timeout) {
    Until until = Until.after(timeout);
    return client
        .execute(program, timeout)
        .thenCompose(started -> ask(started.pid(), FIRST_PAUSE, until));
  }

  private CompletableFuture<Ended> ask(long pid, Duration pause, Until until) {
    if (until.isOver()) {
      return stillRuns(pid);
    }
    return client
        .execute(new GuestExecStatus(pid), until.left())
        .thenCompose(status ->
            status.exited()
                ? CompletableFuture.completedFuture(ended(status))
                : later(pid, pause, until))
        .exceptionallyCompose(failure ->
            // The last question may get no answer only because its time was short.
            until.isOver() && !(failure.getCause() instanceof CommandException.Refused)
                ? stillRuns(pid)
                : CompletableFuture.failedFuture(failure));
  }

  private static CompletableFuture<Ended> stillRuns(long pid) {
    return CompletableFuture.failedFuture(
        new CommandException.MayHaveRun(
            "guest-exec", "it was not seen to end in time, and may still run as pid " + pid));
  }

  private CompletableFuture<Ended> later(long pid, Duration pause, Until until) {
    Duration left = until.left();
    Duration wait = pause.compareTo(left) < 0 ? pause : left;
    Duration doubled = pause.multipliedBy(2);
    Duration next = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    Executor after = CompletableFuture.delayedExecutor(wait.toNanos(), TimeUnit.NANOSECONDS);
    return CompletableFuture.runAsync(() -> {}, after).thenCompose(waited -> ask(pid, next, until));
  }

  private static Ended ended(GuestExecStatusResult status) {
    Long code = status.exitcode();
    Long signal = status.signal();
    return new Ended(
        code == null ? OptionalInt.empty() : OptionalInt.of(code.intValue()),
        signal == null ? OptionalLong.empty() : OptionalLong.of(signal),
        Objects.requireNonNullElse(status.outData(), NOTHING),
        Objects.requireNonNullElse(status.errData(), NOTHING),
        Boolean.TRUE.equals(status.outTruncated()) || Boolean.TRUE.equals(status.errTruncated()));
  }
}
