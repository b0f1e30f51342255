package dev.stillpoint.qmp.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Reads the entries of an answer to {@code query-qmp-schema}. */
public final class SchemaReader {
  /**
   * These take arguments beyond those that the schema tells: the properties of the device. No
   * schema says so; the sources do ({@code 'gen': false}).
   */
  private static final Set<String> OPEN = Set.of("device_add");

  private SchemaReader() {}

  /** An entry of the meta-type {@code command}. */
  public static SchemaCommand command(JsonNode entry) {
    String name = entry.path("name").asText();
    return new SchemaCommand(
        name,
        entry.path("arg-type").asText(),
        entry.path("ret-type").asText(),
        features(entry),
        entry.path("allow-oob").asBoolean(),
        OPEN.contains(name));
  }

  /** An entry of the meta-type {@code event}. */
  public static SchemaEvent event(JsonNode entry) {
    return new SchemaEvent(
        entry.path("name").asText(), entry.path("arg-type").asText(), features(entry));
  }

  /** An entry of any other meta-type. One that is not known, or absent, can be anything. */
  public static SchemaType type(JsonNode entry) {
    return switch (entry.path("meta-type").asText()) {
      case "object" -> object(entry);
      case "array" -> new SchemaType.Listing(entry.path("element-type").asText());
      case "enum" -> new SchemaType.Words(words(entry));
      case "alternate" ->
          new SchemaType.Choice(
              stream(entry.path("members")).map(form -> form.path("type").asText()).toList());
      default -> new SchemaType.Plain(json(entry.path("json-type").asText()));
    };
  }

  private static SchemaType.Members object(JsonNode entry) {
    Map<String, String> kinds = new HashMap<>();
    stream(entry.path("variants"))
        .forEach(kind -> kinds.put(kind.path("case").asText(), kind.path("type").asText()));
    List<SchemaType.Member> members =
        stream(entry.path("members"))
            .map(member ->
                new SchemaType.Member(
                    member.path("name").asText(),
                    member.path("type").asText(),
                    member.has("default"),
                    features(member)))
            .toList();
    return new SchemaType.Members(
        members, Optional.ofNullable(entry.path("tag").textValue()), kinds);
  }

  /** Older versions tell bare words, newer ones objects with a name each. */
  private static List<SchemaType.Word> words(JsonNode entry) {
    JsonNode members = entry.path("members");
    return members.isEmpty()
        ? stream(entry.path("values"))
            .map(word -> new SchemaType.Word(word.asText(), List.of()))
            .toList()
        : stream(members)
            .map(word -> new SchemaType.Word(word.path("name").asText(), features(word)))
            .toList();
  }

  private static SchemaType.Json json(String name) {
    return switch (name) {
      case "string" -> SchemaType.Json.STRING;
      case "int" -> SchemaType.Json.INT;
      case "number" -> SchemaType.Json.NUMBER;
      case "boolean" -> SchemaType.Json.BOOLEAN;
      case "null" -> SchemaType.Json.NULL;
      default -> SchemaType.Json.VALUE;
    };
  }

  private static List<String> features(JsonNode entry) {
    return stream(entry.path("features")).map(JsonNode::asText).toList();
  }

  private static Stream<JsonNode> stream(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
  }
}
