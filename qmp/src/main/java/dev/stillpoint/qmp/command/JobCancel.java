package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code job-cancel}. */
public record JobCancel(String id) implements QmpCommand<Void> {
  @Override
  public String command() {
    return "job-cancel";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
