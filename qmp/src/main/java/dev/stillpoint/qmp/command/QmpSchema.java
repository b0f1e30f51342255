package dev.stillpoint.qmp.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.schema.SchemaCommand;
import dev.stillpoint.qmp.schema.SchemaEvent;
import dev.stillpoint.qmp.schema.SchemaReader;
import dev.stillpoint.qmp.schema.SchemaType;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What a running QEMU knows, from {@code query-qmp-schema}. Immutable.
 *
 * <p>A path is the name of an argument, with a dot before that of each member within: {@code
 * options.server.host}. Where the members depend on a kind, those of every kind count.
 */
public final class QmpSchema {
  /** How many different schemas a process keeps; programs of one build share one. */
  private static final int MAX_KEPT = 8;

  private static final Map<JsonNode, QmpSchema> KEPT =
      new LinkedHashMap<>(MAX_KEPT, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<JsonNode, QmpSchema> eldest) {
          return size() > MAX_KEPT;
        }
      };

  private final Map<String, JsonNode> types = new HashMap<>();
  private final Map<String, JsonNode> commands = new HashMap<>();
  private final Map<String, JsonNode> events = new HashMap<>();

  /** Reads the answer to {@code query-qmp-schema}. */
  public QmpSchema(JsonNode answer) {
    for (JsonNode entry : answer) {
      Map<String, JsonNode> into =
          switch (entry.path("meta-type").asText()) {
            case "command" -> commands;
            case "event" -> events;
            default -> types;
          };
      into.put(entry.path("name").asText(), entry);
    }
  }

  /**
   * The same, kept for whoever asks with the same answer. The answer decides and not the version: a
   * storage daemon, or a build with other options, has the version of a QEMU that knows more.
   */
  public static QmpSchema shared(JsonNode answer) {
    synchronized (KEPT) {
      return KEPT.computeIfAbsent(answer, QmpSchema::new);
    }
  }

  /** The names of all commands. */
  public Set<String> commands() {
    return Set.copyOf(commands.keySet());
  }

  /** The names of all events. */
  public Set<String> events() {
    return Set.copyOf(events.keySet());
  }

  /** A command by its name. */
  public Optional<SchemaCommand> command(String name) {
    return Optional.ofNullable(commands.get(name)).map(SchemaReader::command);
  }

  /** An event by its name. */
  public Optional<SchemaEvent> event(String name) {
    return Optional.ofNullable(events.get(name)).map(SchemaReader::event);
  }

  /** The type of a key; a key that this schema does not have stands for anything. */
  public SchemaType typeOf(String key) {
    return SchemaReader.type(type(key));
  }

  /** Whether there is a command of this name. */
  public boolean hasCommand(String command) {
    return commands.containsKey(command);
  }

  /** Whether there is an event of this name. */
  public boolean hasEvent(String event) {
    return events.containsKey(event);
  }

  /** Whether a command has a feature, such as {@code deprecated}. */
  public boolean hasFeature(String command, String feature) {
    return hasFeature(commands.getOrDefault(command, MissingNode.getInstance()), feature);
  }

  private static boolean hasFeature(JsonNode entry, String feature) {
    return stream(entry.path("features")).anyMatch(one -> one.asText().equals(feature));
  }

  /** Whether a command takes the argument, or member of an argument, at this path. */
  public boolean hasArgument(String command, String path) {
    return members(command, path).findAny().isPresent();
  }

  /** Whether the argument at a path has a feature, such as {@code deprecated}. */
  public boolean hasArgumentFeature(String command, String path, String feature) {
    return members(command, path).anyMatch(member -> hasFeature(member, feature));
  }

  /** Whether the argument at a path, of an enumerated type, can have this value. */
  public boolean hasArgumentValue(String command, String path, String value) {
    return members(command, path)
        .flatMap(member -> forms(member.path("type").asText()))
        .anyMatch(type -> hasWord(type, value));
  }

  /** Older versions tell bare words, newer ones objects with a name each. */
  static boolean hasWord(JsonNode type, String value) {
    return stream(type.path("values")).anyMatch(word -> word.asText().equals(value))
        || stream(type.path("members")).anyMatch(word -> word.path("name").asText().equals(value));
  }

  /**
   * What of the arguments of a command this QEMU does not know. An argument that is an object of no
   * known type is taken as it is.
   *
   * @throws IllegalArgumentException for a command that is unknown itself
   */
  public SchemaFindings check(String command, ObjectNode arguments) {
    JsonNode known = commands.get(command);
    if (known == null) {
      throw new IllegalArgumentException("there is no command " + command);
    }
    boolean open = SchemaReader.command(known).open();
    return new SchemaCheck(this, open).check(known.path("arg-type").asText(), arguments);
  }

  private Stream<JsonNode> members(String command, String path) {
    JsonNode known = commands.get(command);
    if (known == null) {
      return Stream.of();
    }
    Stream<JsonNode> types = forms(known.path("arg-type").asText());
    List<String> names = List.of(path.split("\\.", -1));
    Stream<JsonNode> found = Stream.of();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      found =
          types
              .flatMap(this::anyMember)
              .filter(member -> member.path("name").asText().equals(name));
      if (i < names.size() - 1) {
        types = found.flatMap(member -> forms(member.path("type").asText()));
      }
    }
    return found;
  }

  /** The members of an object, those of every kind included. */
  private Stream<JsonNode> anyMember(JsonNode object) {
    Stream<JsonNode> further =
        stream(object.path("variants"))
            .flatMap(variant -> anyMember(type(variant.path("type").asText())));
    return Stream.concat(stream(object.path("members")), further);
  }

  /** A type, or what a list is of, or all that an alternate can be. */
  private Stream<JsonNode> forms(String name) {
    JsonNode type = type(name);
    return switch (type.path("meta-type").asText()) {
      case "array" -> forms(type.path("element-type").asText());
      case "alternate" ->
          stream(type.path("members")).flatMap(form -> forms(form.path("type").asText()));
      default -> Stream.of(type);
    };
  }

  JsonNode type(String name) {
    return types.getOrDefault(name, MissingNode.getInstance());
  }

  static Stream<JsonNode> stream(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
  }
}
