package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code migrate}: begins to send the machine's state. */
public record Migrate(String uri) implements QmpCommand<Void> {
  @Override
  public String command() {
    return "migrate";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
