package dev.stillpoint.qga.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code guest-get-fsinfo}: the mounted file systems and the disks under them. */
public record GuestGetFsinfo() implements QgaCommand<List<FileSystem>> {
  @Override
  public String command() {
    return "guest-get-fsinfo";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<FileSystem>>() {}.getType();
  }
}
