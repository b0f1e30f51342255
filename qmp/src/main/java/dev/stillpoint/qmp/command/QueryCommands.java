package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.core.type.TypeReference;
import java.lang.reflect.Type;
import java.util.List;

/** {@code query-commands}. */
public record QueryCommands() implements QmpCommand<List<CommandInfo>> {
  @Override
  public String command() {
    return "query-commands";
  }

  @Override
  public Type resultType() {
    return new TypeReference<List<CommandInfo>>() {}.getType();
  }
}
