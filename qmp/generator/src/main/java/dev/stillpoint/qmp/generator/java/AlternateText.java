package dev.stillpoint.qmp.generator.java;

import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Member;
import java.util.HashSet;
import java.util.List;

/** The text of an alternate: a sealed interface with a record for each form. */
final class AlternateText {
  private static final String NODE = "com.fasterxml.jackson.databind.JsonNode";

  private final Schema schema;

  AlternateText(Schema schema) {
    this.schema = schema;
  }

  String text(String name, Definition.Alternate alternate) {
    var text =
        new StringBuilder(Docs.of(alternate, List.of())).append(Writer.head(alternate.life()));
    text.append("public sealed interface ").append(name).append(" {\n");
    decode(text, name, alternate);
    for (Member form : alternate.members()) {
      String nested = JavaNames.branch(form.name());
      text.append("/** {@code ").append(form.name()).append("}. ");
      text.append(Docs.life(form.life())).append(" */\n");
      if (form.type().equals("null")) {
        text.append("record ").append(nested).append("() implements ").append(name);
        text.append(" {\n/** The form on the wire. */\n@JsonValue\npublic ");
        text.append("@Nullable Object value() {\nreturn null;\n}\n}\n\n");
        text.append("/** The form that is JSON's null. */\nstatic ").append(name);
        text.append(" none() {\nreturn new ").append(nested).append("();\n}\n\n");
      } else {
        JavaType type = schema.type(form.type());
        text.append("record ").append(nested).append("(@JsonValue ").append(type.name());
        text.append(" value) implements ").append(name).append(" {\n");
        if (type.isList()) {
          text.append("/** Copies the list. */\npublic ").append(nested);
          text.append(" {\nvalue = Lists.copy(value);\n}\n");
        }
        text.append("}\n\n/** In the form of {@code ").append(form.name()).append("}. */\nstatic ");
        text.append(name).append(" of(").append(type.name()).append(" value) {\nreturn new ");
        text.append(nested).append("(value);\n}\n\n");
      }
    }
    text.append("/** A form that is not known here. */\n");
    text.append("record Other(@JsonValue ").append(NODE).append(" value) implements ");
    return text.append(name).append(" {}\n}\n").toString();
  }

  private void decode(StringBuilder text, String name, Definition.Alternate alternate) {
    text.append("/** Reads the form on the wire; JSON's null is read as no value. */\n");
    text.append("@JsonCreator(mode = JsonCreator.Mode.DELEGATING)\nstatic ").append(name);
    text.append(" decode(").append(NODE).append(" node) {\nreturn switch (node.getNodeType()) {\n");
    var seen = new HashSet<String>();
    for (Member form : alternate.members()) {
      String kind = kind(form.type());
      if (kind.isEmpty()) {
        continue;
      }
      if (!seen.add(kind)) {
        throw new IllegalStateException(alternate.name() + " has two forms that are " + kind);
      }
      String nested = JavaNames.branch(form.name());
      text.append("case ").append(kind).append(" -> Json.convert(node, ");
      text.append(nested).append(".class);\n");
    }
    text.append("default -> new Other(node);\n};\n}\n\n");
  }

  private String kind(String type) {
    if (type.startsWith("[")) {
      return "ARRAY";
    }
    return switch (type) {
      case "null" -> "";
      case "str" -> "STRING";
      case "bool" -> "BOOLEAN";
      default ->
          schema.model().type(type) == null
              ? "NUMBER"
              : schema.model().type(type) instanceof Definition.Enumeration ? "STRING" : "OBJECT";
    };
  }
}
