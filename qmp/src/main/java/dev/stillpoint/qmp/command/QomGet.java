package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Type;

/** {@code qom-get}: reads a property of an object. */
public record QomGet(String path, String property) implements QmpCommand<JsonNode> {
  @Override
  public String command() {
    return "qom-get";
  }

  @Override
  public Type resultType() {
    return JsonNode.class;
  }
}
