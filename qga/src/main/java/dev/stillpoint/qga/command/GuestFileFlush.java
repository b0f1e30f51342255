package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/**
 * {@code guest-file-flush}: hands what the agent buffered to the guest's kernel; not to the disk.
 */
public record GuestFileFlush(long handle) implements QgaCommand<Void> {
  @Override
  public String command() {
    return "guest-file-flush";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
