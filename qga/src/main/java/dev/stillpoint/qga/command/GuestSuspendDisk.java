package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/**
 * {@code guest-suspend-disk}: suspends the guest to disk. On success the agent does not answer, so
 * the future ends with a {@code MayHaveRun}.
 */
public record GuestSuspendDisk() implements QgaCommand<Void> {
  @Override
  public String command() {
    return "guest-suspend-disk";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
