package dev.stillpoint.qga.command;

import java.lang.reflect.Type;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code guest-exec}: starts a program in the guest, without a shell. {@link
 * dev.stillpoint.qga.GuestProcesses} waits for its end.
 *
 * @param arg its arguments, without its own name
 * @param env {@code NAME=value} each; null is the environment of the agent
 * @param inputData what it reads from its standard input
 * @param captureOutput null captures nothing
 */
public record GuestExec(
    String path,
    @Nullable List<String> arg,
    @Nullable List<String> env,
    @Nullable Bytes inputData,
    @Nullable CaptureOutput captureOutput)
    implements QgaCommand<ExecStarted> {
  /** Without what it is given: arguments, environment and input may hold secrets. */
  @Override
  public String toString() {
    return "GuestExec[path=" + path + "]";
  }

  @Override
  public String command() {
    return "guest-exec";
  }

  @Override
  public Type resultType() {
    return ExecStarted.class;
  }
}
