package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code cont}: lets the processors run. */
public record Cont() implements QmpCommand<Void> {
  @Override
  public String command() {
    return "cont";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
