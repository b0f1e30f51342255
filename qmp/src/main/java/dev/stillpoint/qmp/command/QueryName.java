package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code query-name}. */
public record QueryName() implements QmpCommand<NameInfo> {
  @Override
  public String command() {
    return "query-name";
  }

  @Override
  public Type resultType() {
    return NameInfo.class;
  }
}
