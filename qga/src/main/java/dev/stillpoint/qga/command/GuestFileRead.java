package dev.stillpoint.qga.command;

import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/**
 * {@code guest-file-read}: reads from a handle.
 *
 * @param count bytes at most, up to 48 MB; null is 4096
 */
public record GuestFileRead(long handle, @Nullable Long count) implements QgaCommand<FileRead> {
  @Override
  public String command() {
    return "guest-file-read";
  }

  @Override
  public Type resultType() {
    return FileRead.class;
  }
}
