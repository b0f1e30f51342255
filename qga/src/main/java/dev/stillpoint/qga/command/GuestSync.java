package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/**
 * {@code guest-sync}: echoes a number. {@link GuestSyncDelimited} is safer; a client does that by
 * itself.
 */
public record GuestSync(long id) implements QgaCommand<Long> {
  @Override
  public String command() {
    return "guest-sync";
  }

  @Override
  public Type resultType() {
    return Long.class;
  }
}
