package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Walks arguments along the types that a QEMU tells of, and takes out what they do not have. */
final class SchemaCheck {
  private final QmpSchema schema;
  private final List<String> unknownMembers = new ArrayList<>();
  private final List<String> unknownValues = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();

  private final boolean openAtTheTop;

  /** With {@code open} the arguments may have members that the schema does not tell. */
  SchemaCheck(QmpSchema schema, boolean open) {
    this.schema = schema;
    this.openAtTheTop = open;
  }

  SchemaFindings check(String type, ObjectNode given) {
    ObjectNode arguments = given.deepCopy();
    walk("", schema.type(type), arguments);
    return new SchemaFindings(arguments, unknownMembers, unknownValues, missing);
  }

  private void walk(String path, JsonNode type, JsonNode value) {
    switch (type.path("meta-type").asText()) {
      case "object" -> {
        if (value instanceof ObjectNode object) {
          object(path, type, object);
        }
      }
      case "array" -> {
        JsonNode element = schema.type(type.path("element-type").asText());
        for (int i = 0; i < value.size(); i++) {
          walk(path + "[" + i + "]", element, value.path(i));
        }
      }
      case "enum" -> {
        if (value.isTextual() && !QmpSchema.hasWord(type, value.asText())) {
          unknownValues.add(path + "=" + value.asText());
        }
      }
      case "alternate" ->
          QmpSchema.stream(type.path("members"))
              .map(form -> schema.type(form.path("type").asText()))
              .filter(form -> fits(form, value))
              .findFirst()
              .ifPresentOrElse(form -> walk(path, form, value), () -> unknownValues.add(path));
      default -> {}
    }
  }

  private void object(String path, JsonNode type, ObjectNode value) {
    Map<String, JsonNode> known = new HashMap<>();
    members(type, value).forEach(member -> known.put(member.path("name").asText(), member));
    // A command without arguments, and one that takes what no schema tells, look alike: both have
    // a type without a single member. Whoever gives it some is believed.
    boolean open = (known.isEmpty() && !type.has("variants")) || (openAtTheTop && path.isEmpty());
    String prefix = path.isEmpty() ? "" : path + ".";
    List<String> names = new ArrayList<>();
    value.fieldNames().forEachRemaining(names::add);
    for (String name : names) {
      JsonNode member = known.remove(name);
      if (member != null) {
        walk(prefix + name, schema.type(member.path("type").asText()), value.path(name));
      } else if (!open) {
        unknownMembers.add(prefix + name);
        value.remove(name);
      }
    }
    known.forEach((name, member) -> {
      if (!member.has("default")) {
        missing.add(prefix + name);
      }
    });
  }

  /** The members that an object of this kind has. */
  private Stream<JsonNode> members(JsonNode type, ObjectNode value) {
    String kind = value.path(type.path("tag").asText()).asText();
    Stream<JsonNode> further =
        QmpSchema.stream(type.path("variants"))
            .filter(variant -> variant.path("case").asText().equals(kind))
            .flatMap(variant -> members(schema.type(variant.path("type").asText()), value));
    return Stream.concat(QmpSchema.stream(type.path("members")), further);
  }

  private static boolean fits(JsonNode form, JsonNode value) {
    return switch (form.path("meta-type").asText()) {
      case "object" -> value.isObject();
      case "array" -> value.isArray();
      case "enum" -> value.isTextual();
      default ->
          switch (form.path("json-type").asText()) {
            case "string" -> value.isTextual();
            case "int" -> value.isIntegralNumber();
            case "number" -> value.isNumber();
            case "boolean" -> value.isBoolean();
            case "null" -> value.isNull();
            default -> true;
          };
    };
  }
}
