package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code job-complete}: ends a ready job. */
public record JobComplete(String id) implements QmpCommand<Void> {
  @Override
  public String command() {
    return "job-complete";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
