package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code query-version}. */
public record QueryVersion() implements QmpCommand<VersionInfo> {
  @Override
  public String command() {
    return "query-version";
  }

  @Override
  public Type resultType() {
    return VersionInfo.class;
  }
}
