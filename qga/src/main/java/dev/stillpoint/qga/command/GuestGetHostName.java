package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/** {@code guest-get-host-name}: the guest's name for itself. */
public record GuestGetHostName() implements QgaCommand<HostName> {
  @Override
  public String command() {
    return "guest-get-host-name";
  }

  @Override
  public Type resultType() {
    return HostName.class;
  }
}
