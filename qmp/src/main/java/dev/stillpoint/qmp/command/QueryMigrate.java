package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code query-migrate}. */
public record QueryMigrate() implements QmpCommand<MigrationInfo> {
  @Override
  public String command() {
    return "query-migrate";
  }

  @Override
  public Type resultType() {
    return MigrationInfo.class;
  }
}
