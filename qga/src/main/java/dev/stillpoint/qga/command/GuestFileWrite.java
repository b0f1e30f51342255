package dev.stillpoint.qga.command;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;

/**
 * {@code guest-file-write}: writes to a handle.
 *
 * @param bytes what to write
 * @param count how many of them; null is all
 */
public record GuestFileWrite(
    long handle, @JsonProperty("buf-b64") Bytes bytes, @Nullable Long count)
    implements QgaCommand<FileWritten> {
  @Override
  public String command() {
    return "guest-file-write";
  }

  @Override
  public Type resultType() {
    return FileWritten.class;
  }
}
