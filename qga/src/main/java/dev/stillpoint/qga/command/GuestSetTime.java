package dev.stillpoint.qga.command;

import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/**
 * {@code guest-set-time}: sets the guest's clock and its hardware clock.
 *
 * @param time nanoseconds since 1970 in UTC; null reads the hardware clock, which Windows cannot
 */
public record GuestSetTime(@Nullable Long time) implements QgaCommand<Void> {
  @Override
  public String command() {
    return "guest-set-time";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
