package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/** {@code guest-get-timezone}: the guest's time zone. */
public record GuestGetTimezone() implements QgaCommand<Timezone> {
  @Override
  public String command() {
    return "guest-get-timezone";
  }

  @Override
  public Type resultType() {
    return Timezone.class;
  }
}
