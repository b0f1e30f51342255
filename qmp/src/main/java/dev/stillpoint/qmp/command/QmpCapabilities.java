package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code qmp_capabilities}: ends the negotiation. */
public record QmpCapabilities() implements QmpCommand<Void> {
  @Override
  public String command() {
    return "qmp_capabilities";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
