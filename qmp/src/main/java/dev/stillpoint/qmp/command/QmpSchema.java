package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;

/** What a running QEMU knows, from {@code query-qmp-schema}. */
public final class QmpSchema {
  private final Map<String, JsonNode> types = new HashMap<>();
  private final Map<String, JsonNode> commands = new HashMap<>();

  /** Reads the answer to {@link QueryQmpSchema}. */
  public QmpSchema(JsonNode answer) {
    for (JsonNode entry : answer) {
      String name = entry.path("name").asText();
      if (entry.path("meta-type").asText().equals("command")) {
        commands.put(name, entry);
      } else {
        types.put(name, entry);
      }
    }
  }

  /** Whether there is a command of this name. */
  public boolean hasCommand(String command) {
    return commands.containsKey(command);
  }

  /** Whether a command takes this argument. */
  public boolean hasArgument(String command, String argument) {
    JsonNode known = commands.get(command);
    return known != null && hasMember(known.path("arg-type").asText(), argument);
  }

  /** Whether a command's argument of an enumerated type can have this value. */
  public boolean hasArgumentValue(String command, String argument, String value) {
    JsonNode known = commands.get(command);
    JsonNode type = known == null ? null : types.get(known.path("arg-type").asText());
    if (type == null) {
      return false;
    }
    for (JsonNode member : type.path("members")) {
      if (member.path("name").asText().equals(argument)) {
        return hasValue(member.path("type").asText(), value);
      }
    }
    return false;
  }

  private boolean hasValue(String enumeration, String value) {
    JsonNode type = types.get(enumeration);
    if (type == null) {
      return false;
    }
    for (JsonNode known : type.path("values")) {
      if (known.asText().equals(value)) {
        return true;
      }
    }
    return false;
  }

  private boolean hasMember(String type, String member) {
    JsonNode known = types.get(type);
    if (known == null) {
      return false;
    }
    for (JsonNode one : known.path("members")) {
      if (one.path("name").asText().equals(member)) {
        return true;
      }
    }
    return false;
  }
}
