package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Type;

/** {@code query-qmp-schema}: some 200 KB; read it once and wrap it in {@link QmpSchema}. */
public record QueryQmpSchema() implements QmpCommand<JsonNode> {
  @Override
  public String command() {
    return "query-qmp-schema";
  }

  @Override
  public Type resultType() {
    return JsonNode.class;
  }
}
