package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code query-uuid}. */
public record QueryUuid() implements QmpCommand<UuidInfo> {
  @Override
  public String command() {
    return "query-uuid";
  }

  @Override
  public Type resultType() {
    return UuidInfo.class;
  }
}
