package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/**
 * {@code guest-file-seek}: moves in a file.
 *
 * @param whence {@code set}, {@code cur} or {@code end}
 */
public record GuestFileSeek(long handle, long offset, String whence)
    implements QgaCommand<FilePosition> {
  @Override
  public String command() {
    return "guest-file-seek";
  }

  @Override
  public Type resultType() {
    return FilePosition.class;
  }
}
