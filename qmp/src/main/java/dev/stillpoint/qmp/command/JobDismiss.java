package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code job-dismiss}: forgets a concluded job. */
public record JobDismiss(String id) implements QmpCommand<Void> {
  @Override
  public String command() {
    return "job-dismiss";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
