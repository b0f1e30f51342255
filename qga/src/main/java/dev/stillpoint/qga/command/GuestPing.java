package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/** {@code guest-ping}. */
public record GuestPing() implements QgaCommand<Void> {
  @Override
  public String command() {
    return "guest-ping";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
