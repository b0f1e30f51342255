package dev.stillpoint.qga.command;

import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/**
 * {@code guest-shutdown}: asks the guest to shut down. On success the agent does not answer, so the
 * future ends with a {@code MayHaveRun}; ask the monitor what came of it.
 *
 * @param mode {@code powerdown}, {@code halt} or {@code reboot}; null is {@code powerdown}
 */
public record GuestShutdown(@Nullable String mode) implements QgaCommand<Void> {
  @Override
  public String command() {
    return "guest-shutdown";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
