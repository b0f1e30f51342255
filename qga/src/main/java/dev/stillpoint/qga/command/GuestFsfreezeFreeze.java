package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/**
 * {@code guest-fsfreeze-freeze}: how many file systems were frozen. A thaw is owed once it is
 * written, whatever the reply.
 */
public record GuestFsfreezeFreeze() implements QgaCommand<Integer> {
  @Override
  public String command() {
    return "guest-fsfreeze-freeze";
  }

  @Override
  public Type resultType() {
    return Integer.class;
  }
}
