package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/** {@code guest-file-close}: closes a handle. */
public record GuestFileClose(long handle) implements QgaCommand<Void> {
  @Override
  public String command() {
    return "guest-file-close";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
