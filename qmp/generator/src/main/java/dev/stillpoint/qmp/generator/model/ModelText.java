package dev.stillpoint.qmp.generator.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.generator.model.Definition.Flag;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The form in which a model is kept: one line of JSON for the protocol and its versions, then one
 * for each definition. A member is an array of name and type, with a {@code ?} behind an optional
 * one's name and a third element where its life is not that of its owner.
 */
public final class ModelText {
  private static final ObjectMapper JSON = new ObjectMapper();

  private ModelText() {}

  /** Writes a model. */
  public static String write(Model model) {
    var text = new StringBuilder();
    ObjectNode head = JSON.createObjectNode().put("protocol", model.protocol());
    ArrayNode versions = head.putArray("versions");
    model.versions().forEach(version -> versions.add(version.toString()));
    text.append(head).append('\n');
    model.definitions().forEach(definition -> text.append(line(definition)).append('\n'));
    return text.toString();
  }

  private static ObjectNode line(Definition definition) {
    ObjectNode line = JSON.createObjectNode();
    switch (definition) {
      case Definition.Command command -> {
        head(line, "command", command);
        put(line, "data", command.data());
        members(line, "members", command.members());
        put(line, "returns", command.returns());
        if (!command.flags().isEmpty()) {
          ArrayNode flags = line.putArray("flags");
          command.flags().forEach(flag -> flags.add(flag.name().toLowerCase(Locale.ROOT)));
        }
      }
      case Definition.Event event -> {
        head(line, "event", event);
        put(line, "data", event.data());
        members(line, "members", event.members());
      }
      case Definition.Struct struct -> {
        head(line, "struct", struct);
        put(line, "base", struct.base());
        members(line, "members", struct.members());
      }
      case Definition.Enumeration words -> {
        head(line, "enum", words);
        members(line, "members", words.members());
      }
      case Definition.Alternate alternate -> {
        head(line, "alternate", alternate);
        members(line, "members", alternate.members());
      }
      case Definition.Union union -> {
        head(line, "union", union);
        put(line, "base", union.base());
        members(line, "common", union.common());
        put(line, "discriminator", union.discriminator());
        members(line, "members", union.members());
      }
    }
    return line;
  }

  private static void head(ObjectNode line, String kind, Definition definition) {
    line.put(kind, definition.name());
    life(line, definition.life());
  }

  private static void put(ObjectNode line, String key, String value) {
    if (!value.isEmpty()) {
      line.put(key, value);
    }
  }

  private static void life(ObjectNode to, Life life) {
    if (life.since() != null) {
      to.put("since", life.since().toString());
    }
    if (life.until() != null) {
      to.put("until", life.until().toString());
    }
    put(to, "if", life.condition());
    if (!life.features().isEmpty()) {
      ArrayNode features = to.putArray("features");
      life.features().forEach(features::add);
    }
  }

  private static void members(ObjectNode line, String key, List<Member> members) {
    if (members.isEmpty()) {
      return;
    }
    ArrayNode all = line.putArray(key);
    for (Member member : members) {
      ObjectNode life = JSON.createObjectNode();
      life(life, member.life());
      String name = member.name() + (member.optional() ? "?" : "");
      if (member.type().isEmpty() && life.isEmpty()) {
        all.add(name);
      } else {
        ArrayNode one = all.addArray().add(name).add(member.type());
        if (!life.isEmpty()) {
          one.add(life);
        }
      }
    }
  }

  /** Reads what {@link #write} wrote. */
  public static Model read(String text) {
    List<String> lines = text.lines().toList();
    JsonNode head = parse(lines.getFirst());
    var versions = new ArrayList<Version>();
    head.path("versions").forEach(version -> versions.add(Version.of(version.asText())));
    var definitions =
        lines.stream().skip(1).map(ModelText::parse).map(ModelText::definition).toList();
    return new Model(head.path("protocol").asText(), versions, definitions);
  }

  private static JsonNode parse(String line) {
    try {
      return JSON.readTree(line);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no line of a model: " + line, e);
    }
  }

  private static Definition definition(JsonNode line) {
    String kind = line.fieldNames().next();
    String name = line.path(kind).asText();
    Life life = life(line);
    String data = line.path("data").asText();
    String base = line.path("base").asText();
    List<Member> members = members(line.path("members"));
    return switch (kind) {
      case "command" ->
          new Definition.Command(
              name, life, data, members, line.path("returns").asText(), flags(line));
      case "event" -> new Definition.Event(name, life, data, members);
      case "struct" -> new Definition.Struct(name, life, base, members);
      case "enum" -> new Definition.Enumeration(name, life, members);
      case "alternate" -> new Definition.Alternate(name, life, members);
      case "union" ->
          new Definition.Union(
              name,
              life,
              base,
              members(line.path("common")),
              line.path("discriminator").asText(),
              members);
      default -> throw new IllegalArgumentException("an unknown kind: " + line);
    };
  }

  private static List<Flag> flags(JsonNode line) {
    var flags = new ArrayList<Flag>();
    line.path("flags")
        .forEach(flag -> flags.add(Flag.valueOf(flag.asText().toUpperCase(Locale.ROOT))));
    return flags;
  }

  private static Life life(JsonNode of) {
    var features = new ArrayList<String>();
    of.path("features").forEach(feature -> features.add(feature.asText()));
    return new Life(
        version(of.path("since")), version(of.path("until")), of.path("if").asText(), features);
  }

  private static @Nullable Version version(JsonNode text) {
    return text.isMissingNode() ? null : Version.of(text.asText());
  }

  private static List<Member> members(JsonNode all) {
    var members = new ArrayList<Member>();
    for (JsonNode one : all) {
      String name = one.isArray() ? one.path(0).asText() : one.asText();
      boolean optional = name.endsWith("?");
      members.add(
          new Member(
              optional ? name.substring(0, name.length() - 1) : name,
              one.path(1).asText(),
              optional,
              life(one.path(2))));
    }
    return members;
  }
}
