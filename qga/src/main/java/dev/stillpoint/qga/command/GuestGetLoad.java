package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/** {@code guest-get-load}: the guest's load. Since QEMU 10.0. */
public record GuestGetLoad() implements QgaCommand<LoadAverage> {
  @Override
  public String command() {
    return "guest-get-load";
  }

  @Override
  public Type resultType() {
    return LoadAverage.class;
  }
}
