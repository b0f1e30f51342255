package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code job-finalize}: lets a pending job take effect. */
public record JobFinalize(String id) implements QmpCommand<Void> {
  @Override
  public String command() {
    return "job-finalize";
  }

  @Override
  public Type resultType() {
    return Void.class;
  }
}
