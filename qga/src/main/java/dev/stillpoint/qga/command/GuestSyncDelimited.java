package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/**
 * {@code guest-sync-delimited}: echoes a number behind a byte 0xFF. A client does that by itself
 * whenever its stream is in doubt.
 */
public record GuestSyncDelimited(long id) implements QgaCommand<Long> {
  @Override
  public String command() {
    return "guest-sync-delimited";
  }

  @Override
  public Type resultType() {
    return Long.class;
  }
}
