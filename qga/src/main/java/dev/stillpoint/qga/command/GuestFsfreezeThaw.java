package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/** {@code guest-fsfreeze-thaw}: how many file systems were thawed. */
public record GuestFsfreezeThaw() implements QgaCommand<Integer> {
  @Override
  public String command() {
    return "guest-fsfreeze-thaw";
  }

  @Override
  public Type resultType() {
    return Integer.class;
  }
}
