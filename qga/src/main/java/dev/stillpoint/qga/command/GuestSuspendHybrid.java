package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/**
 * {@code guest-suspend-hybrid}: suspends the guest to memory and to disk; check {@code
 * wakeup-suspend-support} of the machine first, or nothing wakes it. On success the agent does not
 * answer, so the future ends with a {@code MayHaveRun}.
 */
public record GuestSuspendHybrid() implements QgaCommand<Void> {
  @Override
  public String command() {
    return "guest-suspend-hybrid";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
