package dev.stillpoint.qga.command;

import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/**
 * {@code guest-fstrim}: discards the unused blocks of all mounted file systems.
 *
 * @param minimum bytes: shorter free ranges may be left alone; null is 0
 */
public record GuestFstrim(@Nullable Long minimum) implements QgaCommand<TrimResult> {
  @Override
  public String command() {
    return "guest-fstrim";
  }

  @Override
  public Type resultType() {
    return TrimResult.class;
  }
}
