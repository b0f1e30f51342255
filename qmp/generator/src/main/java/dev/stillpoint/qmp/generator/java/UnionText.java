package dev.stillpoint.qmp.generator.java;

import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Member;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;

/** The text of a union: a sealed interface with a record for each value that decides. */
final class UnionText {
  private static final String OTHER = "Other";
  private static final String NODE = "com.fasterxml.jackson.databind.JsonNode";
  private static final String JSON = "Json";

  private final Schema schema;

  UnionText(Schema schema) {
    this.schema = schema;
  }

  String text(String name, Definition.Union union) {
    List<Component> common =
        schema.model().allMembers(union.name()).stream()
            .map(member -> Component.of(schema, union.name(), member))
            .toList();
    Component decides =
        common.stream()
            .filter(one -> one.member().name().equals(union.discriminator()))
            .findFirst()
            .orElseThrow();
    List<Component> rest = common.stream().filter(one -> !one.equals(decides)).toList();
    boolean isSent = schema.isSent(union.name());

    var text = new StringBuilder(Docs.of(union, List.of())).append(Writer.head(union.life()));
    text.append("public sealed interface ").append(name).append(" {\n");
    common.forEach(one ->
        text.append("/** {@code ")
            .append(one.member().name())
            .append("}. */\n")
            .append(one.member().life().isDeprecated() ? "@Deprecated\n" : "")
            .append(one.member().life().isUnstable() ? "@Unstable\n" : "")
            .append(one.written())
            .append(' ')
            .append(one.name())
            .append("();\n\n"));
    decode(text, name, union);
    var names = new HashSet<>(List.of(OTHER));
    for (Member branch : union.members()) {
      if (!names.add(JavaNames.branch(branch.name()))) {
        throw new IllegalStateException(union.name() + " has two branches " + branch.name());
      }
      text.append(branch(name, branch, decides, rest, isSent)).append('\n');
    }
    text.append("/** One of a kind without members of its own, or that is not known here. */\n");
    text.append(new RecordText("", OTHER, common, "implements " + name + " ", "", isSent).text());
    return text.append("}\n").toString();
  }

  private void decode(StringBuilder text, String name, Definition.Union union) {
    text.append(
        "/** Reads the form on the wire. */\n@JsonCreator(mode = JsonCreator.Mode.DELEGATING)\n");
    text.append("static ").append(name).append(" decode(").append(NODE).append(" node) {\n");
    text.append("return switch (node.path(\"").append(union.discriminator());
    text.append("\").asText()) {\n");
    for (Member branch : union.members()) {
      String nested = JavaNames.branch(branch.name());
      String how =
          schema.isUnion(branch.type())
              ? nested + ".decode(node)"
              : JSON + ".convert(node, " + nested + ".class)";
      text.append("case \"").append(branch.name()).append("\" -> ").append(how).append(";\n");
    }
    text.append("default -> ").append(JSON).append(".convert(node, Other.class);\n};\n}\n\n");
  }

  private String branch(
      String union, Member branch, Component decides, List<Component> rest, boolean isSent) {
    String nested = JavaNames.branch(branch.name());
    String life = Docs.life(branch.life());
    var doc = "/** {@code %s}. %s */\n".formatted(branch.name(), life);
    String marks =
        (branch.life().isDeprecated() ? "@Deprecated\n" : "")
            + (branch.life().isUnstable() ? "@Unstable\n" : "");
    String decided =
        """
        @Override
        @JsonProperty("%s")
        public %s %s() {
        return %s;
        }
        """
            .formatted(
                decides.member().name(),
                decides.type().name(),
                decides.name(),
                constant(decides.type(), branch.name()));
    if (schema.isUnion(branch.type())) {
      return doc + marks + inner(union, nested, branch, rest, decided);
    }
    var components = new ArrayList<>(rest);
    var common = rest.stream().map(one -> one.member().name()).toList();
    for (Member member : schema.model().allMembers(branch.type())) {
      // Where an older version had it in every kind, it has its place among the common ones.
      if (!common.contains(member.name())) {
        components.add(Component.of(schema, branch.type(), member));
      }
    }
    return doc
        + new RecordText(marks, nested, components, "implements " + union + " ", decided, isSent)
            .text();
  }

  private static String constant(JavaType type, String value) {
    return type.name().equals("String")
        ? "\"" + value + "\""
        : type.simpleName() + "." + JavaNames.constant(value);
  }

  /** A branch that is a union itself: its members lie beside ours. */
  private String inner(
      String union, String nested, Member branch, List<Component> rest, String decided) {
    String type = schema.type(branch.type()).name();
    String before =
        rest.stream().map(one -> one.declaration() + ", ").collect(Collectors.joining());
    String read =
        rest.stream()
            .map(one ->
                JSON
                    + ".member(node, \""
                    + one.member().name()
                    + "\", "
                    + one.type().raw()
                    + ".class), ")
            .collect(Collectors.joining());
    return """
    record %s(%s@com.fasterxml.jackson.annotation.JsonUnwrapped %s value) implements %s {
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static %s decode(%s node) {
    return new %s(%s%s.convert(node, %s.class));
    }

    %s}
    """
        .formatted(nested, before, type, union, nested, NODE, nested, read, JSON, type, decided);
  }
}
