package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/** {@code guest-get-osinfo}. */
public record GuestGetOsinfo() implements QgaCommand<OsInfo> {
  @Override
  public String command() {
    return "guest-get-osinfo";
  }

  @Override
  public Type resultType() {
    return OsInfo.class;
  }
}
