package dev.stillpoint.qga.command;

import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/**
 * {@code guest-file-open}: opens a file in the guest; the result is its handle, which stays open
 * until it is closed. {@link dev.stillpoint.qga.GuestFiles} reads and writes whole files.
 *
 * @param path absolute
 * @param mode as of {@code fopen}; null is {@code r}
 */
public record GuestFileOpen(String path, @Nullable String mode) implements QgaCommand<Long> {
  @Override
  public String command() {
    return "guest-file-open";
  }

  @Override
  public Type resultType() {
    return Long.class;
  }
}
