package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/**
 * {@code guest-exec-status}: how a program is doing; once it told the end of a program, the agent
 * forgets it.
 */
public record GuestExecStatus(long pid) implements QgaCommand<ExecStatus> {
  @Override
  public String command() {
    return "guest-exec-status";
  }

  @Override
  public Type resultType() {
    return ExecStatus.class;
  }
}
