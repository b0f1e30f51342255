package dev.stillpoint.cli.qmp;

import dev.stillpoint.qmp.command.QmpSchema;
import dev.stillpoint.qmp.schema.SchemaCommand;
import dev.stillpoint.qmp.schema.SchemaType;
import dev.stillpoint.qmp.schema.SchemaType.Member;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What can stand at a place of the shell's line, from the running QEMU's schema. */
final class Completion {
  /**
   * Something that can stand there.
   *
   * @param text the whole word
   * @param about what it is, in a few words; may be empty
   * @param whole whether the word ends with it
   */
  record Suggestion(String text, String about, boolean whole) {}

  private final QmpSchema schema;
  private final SchemaTypes types;

  Completion(QmpSchema schema) {
    this.schema = schema;
    this.types = new SchemaTypes(schema);
  }

  /** For a word that is begun, behind others. */
  List<Suggestion> of(List<String> before, String begun) {
    return candidates(before, begun).filter(one -> one.text().startsWith(begun)).toList();
  }

  private Stream<Suggestion> candidates(List<String> before, String begun) {
    if (before.isEmpty()) {
      return Stream.concat(
          LineRunner.OWN.entrySet().stream().map(own -> whole(own.getKey(), own.getValue())),
          commands());
    }
    return switch (before.get(0)) {
      case LineRunner.HELP -> help(before, begun);
      case LineRunner.EVENTS ->
          before.size() == 1 ? Stream.of(whole("on", ""), whole("off", "")) : Stream.of();
      case LineRunner.COMMANDS, LineRunner.QUIT, LineRunner.EXIT -> Stream.of();
      default ->
          schema.command(before.get(0)).stream()
              .flatMap(command -> arguments(command, before.subList(1, before.size()), begun));
    };
  }

  private Stream<Suggestion> commands() {
    return schema.commands().stream()
        .sorted()
        .map(name -> whole(name, String.join(", ", about(schema.command(name)))));
  }

  private static List<String> about(Optional<SchemaCommand> command) {
    return command.stream()
        .flatMap(known -> known.features().stream())
        .filter(feature -> feature.equals("deprecated") || feature.equals("unstable"))
        .toList();
  }

  private Stream<Suggestion> help(List<String> before, String begun) {
    if (before.size() == 1) {
      return Stream.concat(
          commands(), schema.events().stream().sorted().map(name -> whole(name, "an event")));
    }
    Optional<SchemaCommand> command = schema.command(before.get(1));
    return Stream.concat(
        before.size() == 2 ? Stream.of(whole(SchemaHelp.RETURNS, "the reply")) : Stream.of(),
        command.stream()
            .flatMap(known -> arguments(known, before.subList(2, before.size()), begun)));
  }

  private static Suggestion whole(String text, String about) {
    return new Suggestion(text, about, true);
  }

  private Stream<Suggestion> arguments(SchemaCommand command, List<String> given, String begun) {
    Map<String, String> values = new HashMap<>();
    given.forEach(word -> {
      int equals = word.indexOf('=');
      values.put(
          equals < 0 ? word : word.substring(0, equals).replaceFirst(":$", ""),
          equals < 0 ? "" : word.substring(equals + 1));
    });
    SchemaTypes.Kinds kinds = tag -> Optional.ofNullable(values.get(tag));
    int equals = begun.indexOf('=');
    if (equals > 0) {
      String path = begun.substring(0, equals);
      return types.at(command.arguments(), pieces(path), kinds).stream()
          .flatMap(Completion::words)
          .map(word -> whole(path + "=" + word.name(), String.join(", ", word.features())));
    }
    String parent = begun.substring(0, Math.max(0, begun.lastIndexOf('.')));
    return types.at(command.arguments(), pieces(parent), kinds).stream()
        .flatMap(type ->
            switch (type) {
              case SchemaType.Members object -> members(object, parent, kinds, values);
              case SchemaType.Listing list -> endings(parent, list, "", values).stream();
              default -> Stream.of();
            })
        .distinct();
  }

  private static List<String> pieces(String path) {
    return path.isEmpty() ? List.of() : List.of(path.split("\\.", -1));
  }

  private static Stream<SchemaType.Word> words(SchemaType type) {
    return switch (type) {
      case SchemaType.Words words -> words.words().stream();
      case SchemaType.Plain plain when plain.json() == SchemaType.Json.BOOLEAN ->
          Stream.of("true", "false").map(word -> new SchemaType.Word(word, List.of()));
      default -> Stream.of();
    };
  }

  /** What demands a kind is led by the kind: without it, only the members of every kind. */
  private Stream<Suggestion> members(
      SchemaType.Members object,
      String parent,
      SchemaTypes.Kinds kinds,
      Map<String, String> values) {
    boolean kindless =
        object
            .tag()
            .filter(tag -> kinds.apply(SchemaTypes.below(parent, tag)).isEmpty())
            .isPresent();
    List<Member> members = kindless ? object.members() : types.members(object, parent, kinds);
    return members.stream()
        .filter(member -> !values.containsKey(SchemaTypes.below(parent, member.name())))
        .flatMap(member -> forms(SchemaTypes.below(parent, member.name()), member, values));
  }

  private Stream<Suggestion> forms(String path, Member member, Map<String, String> values) {
    String about =
        (member.optional() ? "optional" : "needed")
            + (member.features().isEmpty() ? "" : ", " + String.join(", ", member.features()));
    List<Suggestion> all = new ArrayList<>();
    for (SchemaType form : types.forms(member.type())) {
      all.addAll(endings(path, form, about, values));
    }
    return all.stream().distinct();
  }

  private List<Suggestion> endings(
      String path, SchemaType form, String about, Map<String, String> values) {
    return switch (form) {
      case SchemaType.Members object -> List.of(new Suggestion(path + ".", about, false));
      case SchemaType.Listing list -> {
        String next = path + "." + nextIndex(path, values);
        yield types.forms(list.element()).stream()
            .flatMap(element -> endings(next, element, about, values).stream())
            .toList();
      }
      case SchemaType.Plain plain when plain.json() == SchemaType.Json.NULL -> List.of();
      default -> List.of(new Suggestion(path + "=", about, false));
    };
  }

  private static int nextIndex(String path, Map<String, String> values) {
    int next = 0;
    while (hasBelow(path + "." + next, values)) {
      next++;
    }
    return next;
  }

  private static boolean hasBelow(String path, Map<String, String> values) {
    return values.keySet().stream().anyMatch(key -> key.equals(path) || key.startsWith(path + "."));
  }
}
