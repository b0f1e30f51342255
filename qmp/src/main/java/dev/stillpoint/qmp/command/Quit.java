package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code quit}: ends QEMU. */
public record Quit() implements QmpCommand<Void> {
  @Override
  public String command() {
    return "quit";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
