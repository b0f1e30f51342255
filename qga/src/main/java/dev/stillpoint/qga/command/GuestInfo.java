package dev.stillpoint.qga.command;

import java.lang.reflect.Type;

/** {@code guest-info}. */
public record GuestInfo() implements QgaCommand<AgentInfo> {
  @Override
  public String command() {
    return "guest-info";
  }

  @Override
  public Type resultType() {
    return AgentInfo.class;
  }
}
