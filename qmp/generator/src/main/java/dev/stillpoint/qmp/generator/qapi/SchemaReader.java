package dev.stillpoint.qmp.generator.qapi;

import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Definition.Flag;
import dev.stillpoint.qmp.generator.model.Life;
import dev.stillpoint.qmp.generator.model.Member;
import dev.stillpoint.qmp.generator.model.Model;
import dev.stillpoint.qmp.generator.model.Version;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Turns the expressions of one version's schema into definitions. */
public final class SchemaReader {
  private static final String TAG = "type";
  private static final String PAYLOAD = "data";

  private final Map<String, Definition> types = new LinkedHashMap<>();

  private SchemaReader() {}

  /** One version of a protocol, from its schema file. */
  public static Model read(String protocol, Version version, Path schema) {
    var reader = new SchemaReader();
    var found = new ArrayList<Definition>();
    for (Expression expression : SourceTree.read(schema)) {
      found.add(reader.definition(expression));
    }
    found.addAll(reader.types.values());
    return new Model(protocol, List.of(version), found);
  }

  private Definition definition(Expression expression) {
    Map<String, Object> content = expression.content();
    String kind = content.keySet().iterator().next();
    String name = text(content, kind);
    Life life = life(content, expression.since());
    return switch (kind) {
      case "command" -> command(name, life, expression);
      case "event" ->
          new Definition.Event(name, life, reference(content), members(expression, PAYLOAD));
      case "struct" ->
          new Definition.Struct(name, life, text(content, "base"), members(expression, PAYLOAD));
      case "enum" -> new Definition.Enumeration(name, life, members(expression, PAYLOAD));
      case "alternate" -> new Definition.Alternate(name, life, members(expression, PAYLOAD));
      case "union" -> union(name, life, expression);
      default ->
          throw new QapiSyntaxException(
              expression.file(), expression.line(), "an unknown kind: " + kind);
    };
  }

  private Definition command(String name, Life life, Expression expression) {
    Map<String, Object> content = expression.content();
    var flags = new ArrayList<Flag>();
    if (content.containsKey("allow-oob")) {
      flags.add(Flag.OUT_OF_BAND);
    }
    if (content.containsKey("allow-preconfig")) {
      flags.add(Flag.PRECONFIG);
    }
    if (Boolean.FALSE.equals(content.get("gen"))) {
      flags.add(Flag.OPEN);
    }
    if (Boolean.FALSE.equals(content.get("success-response"))) {
      flags.add(Flag.SILENT);
    }
    Object returns = content.get("returns");
    return new Definition.Command(
        name,
        life,
        reference(content),
        members(expression, PAYLOAD),
        returns == null ? "" : type(returns),
        flags);
  }

  private Definition union(String name, Life life, Expression expression) {
    Map<String, Object> content = expression.content();
    if (!content.containsKey("discriminator")) {
      return simpleUnion(name, life, expression);
    }
    boolean inline = content.get("base") instanceof Map;
    return new Definition.Union(
        name,
        life,
        inline ? "" : text(content, "base"),
        inline ? members(expression, "base") : List.of(),
        text(content, "discriminator"),
        members(expression, PAYLOAD));
  }

  /**
   * The old kind: {@code {"type": T, "data": {...}}}; written as what later versions say for it.
   */
  private Definition simpleUnion(String name, Life life, Expression expression) {
    var branches = new ArrayList<Member>();
    var values = new ArrayList<Member>();
    for (Member branch : members(expression, PAYLOAD)) {
      String wrapper = branch.type().replaceAll("[\\[\\]]", "") + "Wrapper";
      types.put(
          wrapper,
          new Definition.Struct(
              wrapper,
              Life.ALWAYS,
              "",
              List.of(new Member(PAYLOAD, branch.type(), false, Life.ALWAYS))));
      branches.add(new Member(branch.name(), wrapper, false, branch.life()));
      values.add(new Member(branch.name(), "", false, branch.life()));
    }
    String kind = name + "Kind";
    types.put(kind, new Definition.Enumeration(kind, life, values));
    var tag = new Member(TAG, kind, false, Life.ALWAYS);
    return new Definition.Union(name, life, "", List.of(tag), TAG, branches);
  }

  private static List<Member> members(Expression expression, String key) {
    var found = new ArrayList<Member>();
    Map<String, String> since = expression.memberSince();
    switch (expression.content().get(key)) {
      case Map<?, ?> named ->
          named.forEach((name, value) -> {
            String plain = name.toString();
            boolean optional = plain.startsWith("*");
            plain = optional ? plain.substring(1) : plain;
            Object type = value instanceof Map<?, ?> spec ? spec.get("type") : value;
            found.add(
                new Member(
                    plain, type(type), optional, life(value, since.getOrDefault(plain, ""))));
          });
      case List<?> values ->
          values.forEach(value -> {
            Object name = value instanceof Map<?, ?> spec ? spec.get("name") : value;
            found.add(
                new Member(
                    String.valueOf(name),
                    "",
                    false,
                    life(value, since.getOrDefault(String.valueOf(name), ""))));
          });
      case null, default -> {}
    }
    return found;
  }

  private static String reference(Map<String, Object> content) {
    return content.get(PAYLOAD) instanceof String name ? name : "";
  }

  private static String type(@Nullable Object written) {
    return written instanceof List<?> list ? "[" + list.getFirst() + "]" : String.valueOf(written);
  }

  private static String text(Map<String, Object> content, String key) {
    return content.get(key) instanceof String text ? text : "";
  }

  private static Life life(Object spec, String since) {
    Map<?, ?> content = spec instanceof Map<?, ?> map ? map : Map.of();
    var features = new ArrayList<String>();
    if (content.get("features") instanceof List<?> list) {
      for (Object feature : list) {
        features.add(
            String.valueOf(feature instanceof Map<?, ?> named ? named.get("name") : feature));
      }
    }
    return new Life(
        since.isEmpty() ? null : Version.of(since),
        null,
        Conditions.text(content.get("if")),
        features);
  }
}
