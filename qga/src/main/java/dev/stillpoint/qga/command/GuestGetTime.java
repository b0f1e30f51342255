package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/** {@code guest-get-time}: the guest's clock, in nanoseconds since 1970 in UTC. */
public record GuestGetTime() implements QgaCommand<Long> {
  @Override
  public String command() {
    return "guest-get-time";
  }

  @Override
  public Type resultType() {
    return Long.class;
  }
}
