package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code stop}: pauses the processors. */
public record Stop() implements QmpCommand<Void> {
  @Override
  public String command() {
    return "stop";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
