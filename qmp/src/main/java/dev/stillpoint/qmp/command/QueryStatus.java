package dev.stillpoint.qmp.command;

import java.lang.reflect.Type;

/** {@code query-status}: does the machine run. */
public record QueryStatus() implements QmpCommand<StatusInfo> {
  @Override
  public String command() {
    return "query-status";
  }

  @Override
  public Type resultType() {
    return StatusInfo.class;
  }
}
