package dev.stillpoint.backends.host;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qga.GuestProcesses;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.QgaOptions;
import dev.stillpoint.qga.qapi.GuestExec;
import dev.stillpoint.qga.qapi.GuestExecCaptureOutput;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.error.CommandException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The programs of a virtual machine, run by its guest agent ({@code guest-exec}, {@code
 * guest-exec-status}). The arguments travel as an array; there is no shell.
 *
 * <p>An agent serves one client, so that the connection is closed when it has not been used for
 * {@link #IDLE}. No agent can end a program: one that does not end by its deadline is left to
 * itself.
 */
final class AgentPrograms implements Programs {
  /** How long a connection is kept that nobody uses. */
  static final Duration IDLE = Duration.ofSeconds(1);

  /** How much longer than its work the answer of a client is awaited, which has its own bounds. */
  private static final Duration SLACK = Duration.ofSeconds(5);

  /** Long enough for another client to leave. */
  private static final QgaOptions OPTIONS =
      QgaOptions.defaults().withConnectTimeout(HostProgram.MAX_TIME);

  private static final List<String> ENVIRONMENT =
      List.of(
          "LC_ALL=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");

  private final Endpoint endpoint;
  private @Nullable QgaClient client;
  private int users;
  private long uses;

  AgentPrograms(Endpoint endpoint) {
    this.endpoint = endpoint;
  }

  @Override
  public String place() {
    return "qga:" + endpoint;
  }

  @Override
  public Said run(List<String> command, Deadline deadline) throws IOException {
    return run(command, deadline.remaining());
  }

  @Override
  public Said runToEnd(List<String> command) throws IOException {
    return run(command, HostProgram.MAX_UNKILLED);
  }

  private Said run(List<String> command, Duration timeout) throws IOException {
    GuestExec program =
        GuestExec.of(command.get(0))
            .withArg(command.subList(1, command.size()))
            .withEnv(ENVIRONMENT)
            .withCaptureOutput(GuestExecCaptureOutput.of(true));
    QgaClient connected = open();
    try {
      return said(command, answer(new GuestProcesses(connected).run(program, timeout), timeout));
    } catch (ExecutionException e) {
      throw failed(command.get(0), cause(e));
    } finally {
      leave();
    }
  }

  private synchronized QgaClient open() throws IOException {
    QgaClient known = client;
    if (known == null || !known.isOpen()) {
      try {
        known = answer(QgaClient.connect(endpoint, OPTIONS), HostProgram.MAX_TIME);
      } catch (ExecutionException e) {
        throw new IOException("the agent of the storage: " + cause(e).getMessage(), e);
      }
      client = known;
    }
    users++;
    return known;
  }

  private synchronized void leave() {
    users--;
    long use = ++uses;
    Executor later = CompletableFuture.delayedExecutor(IDLE.toMillis(), TimeUnit.MILLISECONDS);
    later.execute(() -> closeUnlessUsed(use));
  }

  private synchronized void closeUnlessUsed(long use) {
    QgaClient known = client;
    if (known != null && users == 0 && uses == use) {
      known.close();
      client = null;
    }
  }

  private static Throwable cause(ExecutionException e) {
    return Objects.requireNonNullElse(e.getCause(), e);
  }

  private static <T> T answer(CompletableFuture<T> asked, Duration timeout)
      throws IOException, ExecutionException {
    try {
      return asked.get(timeout.plus(SLACK).toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the agent of the storage was asked", e);
    } catch (TimeoutException e) {
      throw new IOException("the agent of the storage did not answer in time", e);
    }
  }

  private Said said(List<String> command, GuestProcesses.Ended ended) throws IOException {
    String name = command.get(0);
    if (ended.truncated()
        || ended.out().size() > HostProgram.MAX_OUTPUT
        || ended.err().size() > HostProgram.MAX_OUTPUT) {
      throw new IOException(
          name + " on " + place() + " said more than " + HostProgram.MAX_OUTPUT + " bytes");
    }
    if (ended.exitCode().isEmpty()) {
      throw new IOException(
          name + " on " + place() + " was ended by signal " + ended.signal().orElse(0));
    }
    return new Said(ended.exitCode().getAsInt(), ended.out().text(), ended.err().text());
  }

  /**
   * An agent says in words only why it starts nothing; what is not installed is the usual reason.
   */
  private IOException failed(String program, Throwable cause) {
    String words = String.valueOf(cause.getMessage());
    if (cause instanceof CommandException.Refused refused
        && refused.command().equals("guest-exec")
        && refused.errorClass().equals("GenericError")) {
      return new MissingProgramException(program, place() + " (" + words + ")");
    }
    return new IOException(program + " on " + place() + ": " + words, cause);
  }
}
