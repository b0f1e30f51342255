package dev.stillpoint.cli.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.command.QmpSchema;
import dev.stillpoint.qmp.command.SchemaFindings;
import dev.stillpoint.qmp.schema.SchemaCommand;
import dev.stillpoint.qmp.schema.SchemaType;
import dev.stillpoint.qmp.schema.SchemaType.Member;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A command's arguments, from words to JSON: {@code key=value}, {@code key:=JSON}, or all as one
 * JSON object. After {@code =} the running QEMU's schema says what the value is. What this QEMU
 * does not know, and what it misses, is a {@link Mistake}.
 */
public final class ArgumentWords {
  /** How many names a message lists. */
  private static final int MAX_NAMED = 24;

  private final QmpSchema schema;
  private final SchemaTypes types;

  /** Arguments for a QEMU with this schema. */
  public ArgumentWords(QmpSchema schema) {
    this.schema = schema;
    this.types = new SchemaTypes(schema);
  }

  /** Looks at the form alone, for whoever has not asked QEMU yet. */
  public static void check(List<String> words) {
    if (!isObject(words)) {
      GivenArguments.of(words);
    } else if (StrictJson.read(words.get(0)).filter(JsonNode::isObject).isEmpty()) {
      throw new Mistake("the arguments are no JSON object");
    }
  }

  private static boolean isObject(List<String> words) {
    return words.size() == 1 && words.get(0).stripLeading().startsWith("{");
  }

  /** The command, where this QEMU has it. */
  public SchemaCommand command(String name) {
    return schema
        .command(name)
        .orElseThrow(() -> new Mistake("this QEMU has no command '" + name + "'"));
  }

  /** The arguments of a command. */
  public ObjectNode parse(SchemaCommand command, List<String> words) {
    check(words);
    return isObject(words)
        ? checked(command, (ObjectNode) StrictJson.read(words.get(0)).orElseThrow())
        : complete(command, typed(command, GivenArguments.of(words)));
  }

  private ObjectNode typed(SchemaCommand command, GivenArguments.Parts given) {
    return types.of(command.arguments()) instanceof SchemaType.Members object
        ? object(object, "", given, command.open())
        : (ObjectNode) untyped(given);
  }

  /** Each name was found, of some kind; where it is not known now, the kind was not told. */
  private ObjectNode complete(SchemaCommand command, ObjectNode arguments) {
    needs(command, schema.check(command.name(), arguments));
    return checked(command, arguments);
  }

  private static void needs(SchemaCommand command, SchemaFindings findings) {
    if (!findings.missing().isEmpty()) {
      throw new Mistake(command.name() + " needs " + String.join(", ", findings.missing()));
    }
  }

  /** The same arguments, of which this QEMU knows everything. */
  ObjectNode checked(SchemaCommand command, ObjectNode arguments) {
    String name = command.name();
    if (!arguments.isEmpty()
        && !command.open()
        && types.of(command.arguments()) instanceof SchemaType.Members members
        && members.members().isEmpty()
        && members.kinds().isEmpty()) {
      throw new Mistake(name + " takes no arguments");
    }
    SchemaFindings findings = schema.check(name, arguments);
    for (String path : findings.unknownMembers()) {
      throw unknown(command, path);
    }
    for (String found : findings.unknownValues()) {
      String path = found.replaceFirst("=.*", "");
      throw new Mistake(
          "this QEMU does not know the value of '" + path + "'" + wordsOf(command, path));
    }
    needs(command, findings);
    return arguments;
  }

  private Mistake unknown(SchemaCommand command, String path) {
    int dot = path.lastIndexOf('.');
    List<String> parent =
        dot < 0
            ? List.of()
            : List.of(path.substring(0, dot).replace("[", ".").replace("]", "").split("\\.", -1));
    return unknown(
        path,
        types.at(command.arguments(), parent, SchemaTypes.Kinds.any()).stream()
            .filter(SchemaType.Members.class::isInstance)
            .flatMap(object ->
                types.members((SchemaType.Members) object, "", SchemaTypes.Kinds.any()).stream())
            .toList());
  }

  private static Mistake unknown(String path, List<Member> known) {
    List<String> names = known.stream().map(Member::name).distinct().sorted().toList();
    return new Mistake(
        "this QEMU knows no '"
            + path
            + "' there"
            + (names.isEmpty() || names.size() > MAX_NAMED
                ? ""
                : ", but " + String.join(", ", names)));
  }

  private String wordsOf(SchemaCommand command, String path) {
    List<String> pieces = List.of(path.replace("[", ".").replace("]", "").split("\\.", -1));
    return types.at(command.arguments(), pieces, SchemaTypes.Kinds.any()).stream()
        .filter(SchemaType.Words.class::isInstance)
        .findFirst()
        .map(type -> "; " + oneOf((SchemaType.Words) type))
        .orElse("");
  }

  private static String oneOf(SchemaType.Words type) {
    String named =
        type.words().stream()
            .limit(MAX_NAMED)
            .map(SchemaType.Word::name)
            .collect(Collectors.joining(", "));
    return "it is one of " + named + (type.words().size() > MAX_NAMED ? ", ..." : "");
  }

  private ObjectNode object(
      SchemaType.Members type, String path, GivenArguments.Parts given, boolean open) {
    boolean free = open || (type.members().isEmpty() && type.kinds().isEmpty());
    List<Member> members =
        types.members(
            type,
            "",
            tag -> Optional.ofNullable(given.parts().get(tag)).flatMap(ArgumentWords::word));
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    // A word that is none makes all members unknown; it is what is to be told.
    type.tag()
        .filter(given.parts()::containsKey)
        .ifPresent(tag ->
            oneOf(
                type.members().stream().filter(member -> member.name().equals(tag)).toList(),
                SchemaTypes.below(path, tag),
                Objects.requireNonNull(given.parts().get(tag))));
    given
        .parts()
        .forEach((name, value) -> {
          String at = SchemaTypes.below(path, name);
          List<Member> known =
              members.stream().filter(member -> member.name().equals(name)).toList();
          if (known.isEmpty() && !free) {
            throw unknown(at, members);
          }
          object.set(name, known.isEmpty() ? untyped(value) : oneOf(known, at, value));
        });
    return object;
  }

  private static Optional<String> word(GivenArguments given) {
    return switch (given) {
      case GivenArguments.Text text -> Optional.of(text.text());
      case GivenArguments.Literal literal -> Optional.ofNullable(literal.json().textValue());
      case GivenArguments.Parts parts -> Optional.empty();
    };
  }

  /** Kinds may have members of the same name; without the kind the first that fits is meant. */
  private JsonNode oneOf(List<Member> members, String path, GivenArguments given) {
    Mistake first = null;
    for (Member member : members) {
      try {
        return value(member.type(), path, given);
      } catch (Mistake mistake) {
        first = first == null ? mistake : first;
      }
    }
    throw first == null ? new Mistake("'" + path + "' is unknown") : first;
  }

  private JsonNode value(String key, String path, GivenArguments given) {
    List<SchemaType> forms = types.forms(key);
    return switch (given) {
      case GivenArguments.Literal literal -> literal.json();
      case GivenArguments.Text text -> TextValue.of(forms, path, text.text());
      case GivenArguments.Parts parts -> parts(forms, path, parts);
    };
  }

  private JsonNode parts(List<SchemaType> forms, String path, GivenArguments.Parts given) {
    boolean indexed = given.parts().keySet().stream().allMatch(SchemaTypes::isIndex);
    for (SchemaType form : forms) {
      switch (form) {
        case SchemaType.Members object -> {
          return object(object, path, given, false);
        }
        case SchemaType.Listing list when indexed -> {
          return list(list, path, given);
        }
        case SchemaType.Plain plain when plain.json() == SchemaType.Json.VALUE -> {
          return untyped(given);
        }
        default -> {}
      }
    }
    throw new Mistake("'" + path + "' is " + TypeText.of(forms) + " and has no members");
  }

  private JsonNode list(SchemaType.Listing type, String path, GivenArguments.Parts given) {
    var list = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i < given.parts().size(); i++) {
      GivenArguments element = given.parts().get(Integer.toString(i));
      if (element == null) {
        throw new Mistake("'" + path + "' has no element " + i + ": the first of a list is 0");
      }
      list.add(value(type.element(), SchemaTypes.below(path, Integer.toString(i)), element));
    }
    return list;
  }

  /** What no schema tells of: a value that reads as JSON is that, and all else is text. */
  private static JsonNode untyped(GivenArguments given) {
    return switch (given) {
      case GivenArguments.Literal literal -> literal.json();
      case GivenArguments.Text text -> TextValue.untyped(text.text());
      case GivenArguments.Parts parts -> {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        parts.parts().forEach((name, value) -> object.set(name, untyped(value)));
        yield object;
      }
    };
  }
}
