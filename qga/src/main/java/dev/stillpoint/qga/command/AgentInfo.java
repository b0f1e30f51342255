package dev.stillpoint.qga.command;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/** The agent's version and what it can do. */
public record AgentInfo(
    String version, @JsonProperty("supported_commands") List<SupportedCommand> supportedCommands) {

  /** A command that the agent knows, and whether its configuration allows it. */
  public record SupportedCommand(String name, boolean enabled) {}

  /** Whether the agent knows a command and is allowed to run it. */
  public boolean supports(String command) {
    return supportedCommands.stream()
        .anyMatch(known -> known.enabled() && known.name().equals(command));
  }
}
