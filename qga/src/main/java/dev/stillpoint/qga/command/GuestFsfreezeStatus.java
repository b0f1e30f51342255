package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/** {@code guest-fsfreeze-status}: {@code thawed} or {@code frozen}, as far as this agent knows. */
public record GuestFsfreezeStatus() implements QgaCommand<String> {
  @Override
  public String command() {
    return "guest-fsfreeze-status";
  }

  @Override
  public Type resultType() {
    return String.class;
  }
}
