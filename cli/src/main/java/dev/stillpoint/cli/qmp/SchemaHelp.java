package dev.stillpoint.cli.qmp;

import dev.stillpoint.qmp.command.QmpSchema;
import dev.stillpoint.qmp.schema.SchemaCommand;
import dev.stillpoint.qmp.schema.SchemaEvent;
import dev.stillpoint.qmp.schema.SchemaType;
import dev.stillpoint.qmp.schema.SchemaType.Member;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Help from the schema: on a command, an event, or something within. The words behind the name are
 * a path ({@code file.driver}), {@code returns} for the reply, and kinds ({@code driver=qcow2}).
 */
public final class SchemaHelp {
  static final String RETURNS = "returns";

  /** No column of names is wider. */
  private static final int MAX_COLUMN = 26;

  private static final int MIN_WIDTH = 40;

  private final QmpSchema schema;
  private final SchemaTypes types;
  private final int width;

  /** Help for a terminal of this width. */
  public SchemaHelp(QmpSchema schema, int width) {
    this.schema = schema;
    this.types = new SchemaTypes(schema);
    this.width = Math.max(width, MIN_WIDTH);
  }

  /** The lines on a name; throws a {@link Mistake} for what this QEMU does not have. */
  public List<String> on(List<String> words) {
    String name = words.get(0);
    Map<String, String> kinds = new HashMap<>();
    List<String> path = new ArrayList<>();
    for (String word : words.subList(1, words.size())) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        kinds.put(word.substring(0, equals), word.substring(equals + 1));
      } else {
        path.addAll(List.of(word.split("\\.", -1)));
      }
    }
    SchemaTypes.Kinds known = tag -> Optional.ofNullable(kinds.get(tag));
    Optional<SchemaCommand> command = schema.command(name);
    if (command.isPresent()) {
      return path.isEmpty() ? command(command.get(), known) : within(command.get(), path, known);
    }
    Optional<SchemaEvent> event = schema.event(name);
    if (event.isPresent()) {
      return event(event.get(), path, known);
    }
    throw new Mistake("this QEMU has no command and no event '" + name + "'");
  }

  private List<String> command(SchemaCommand command, SchemaTypes.Kinds kinds) {
    var lines = new ArrayList<String>();
    lines.add(command.name() + features(command.features()));
    if (command.outOfBand()) {
      lines.add("  QEMU allows it out of band");
    }
    lines.addAll(members(command.arguments(), "", kinds, "takes no arguments"));
    if (command.open()) {
      lines.add("  further arguments are taken that no schema tells");
    }
    List<SchemaType> result = types.forms(command.result());
    boolean nothing =
        result.stream()
            .allMatch(type -> type instanceof SchemaType.Members m && m.members().isEmpty());
    lines.add(
        nothing
            ? "returns nothing"
            : "returns " + described(command.result()) + more(command, result));
    return lines;
  }

  private static String more(SchemaCommand command, List<SchemaType> result) {
    boolean parts = result.stream().anyMatch(SchemaHelp::hasParts);
    return parts ? " (help " + command.name() + " " + RETURNS + ")" : "";
  }

  private static boolean hasParts(SchemaType type) {
    return type instanceof SchemaType.Members || type instanceof SchemaType.Listing;
  }

  private List<String> within(SchemaCommand command, List<String> path, SchemaTypes.Kinds kinds) {
    boolean reply = path.get(0).equals(RETURNS);
    String from = reply ? command.result() : command.arguments();
    List<String> pieces = reply ? path.subList(1, path.size()) : path;
    return at(command.name(), from, String.join(".", path), pieces, kinds);
  }

  private List<String> event(SchemaEvent event, List<String> path, SchemaTypes.Kinds kinds) {
    if (!path.isEmpty()) {
      return at(event.name(), event.data(), String.join(".", path), path, kinds);
    }
    var lines = new ArrayList<String>();
    lines.add(event.name() + ", an event" + features(event.features()));
    lines.addAll(members(event.data(), "", kinds, "carries nothing"));
    return lines;
  }

  /** A list is passed through without a number: one wants to know what is in it. */
  private List<String> at(
      String name, String from, String shown, List<String> path, SchemaTypes.Kinds kinds) {
    List<String> keys = List.of(from);
    String walked = "";
    for (String piece : path) {
      String at = walked;
      if (!SchemaTypes.isIndex(piece)) {
        keys =
            keys.stream()
                .flatMap(key -> objects(key).stream())
                .flatMap(object -> types.members(object, at, kinds).stream())
                .filter(member -> member.name().equals(piece))
                .map(Member::type)
                .distinct()
                .toList();
      }
      walked = SchemaTypes.below(walked, piece);
    }
    if (keys.isEmpty()) {
      throw new Mistake(name + " has no '" + shown + "'");
    }
    var lines = new ArrayList<String>();
    for (String key : keys) {
      lines.add(name + " " + shown + ": " + described(key));
      for (SchemaType form : elements(key)) {
        switch (form) {
          case SchemaType.Members object -> lines.addAll(members(object, walked, kinds));
          case SchemaType.Words words -> lines.addAll(words(words));
          default -> {}
        }
      }
    }
    return lines;
  }

  /** What something consists of: a type, what a list is of, all that it can be. */
  private List<SchemaType> elements(String key) {
    return types.forms(key).stream()
        .flatMap(form ->
            form instanceof SchemaType.Listing list
                ? elements(list.element()).stream()
                : Stream.of(form))
        .toList();
  }

  private List<SchemaType.Members> objects(String key) {
    return elements(key).stream()
        .filter(SchemaType.Members.class::isInstance)
        .map(SchemaType.Members.class::cast)
        .toList();
  }

  private List<String> members(String key, String path, SchemaTypes.Kinds kinds, String none) {
    List<String> lines =
        objects(key).stream().flatMap(object -> members(object, path, kinds).stream()).toList();
    return lines.isEmpty() ? List.of("  " + none) : lines;
  }

  private List<String> members(SchemaType.Members object, String path, SchemaTypes.Kinds kinds) {
    Optional<String> kind = object.tag().flatMap(tag -> kinds.apply(SchemaTypes.below(path, tag)));
    List<Member> shown =
        object.tag().isPresent() && kind.isEmpty()
            ? object.members()
            : types.members(object, path, kinds);
    int column =
        Math.min(
            MAX_COLUMN,
            shown.stream().mapToInt(member -> name(member).length()).max().orElse(0) + 2);
    var lines = new ArrayList<String>();
    for (Member member : shown) {
      String begin = "  " + name(member);
      String padded = begin + " ".repeat(Math.max(2, column + 2 - begin.length()));
      lines.addAll(
          wrapped(padded, described(member.type()) + features(member.features()), column + 2));
    }
    if (object.tag().isPresent() && kind.isEmpty() && !object.kinds().isEmpty()) {
      String tag = SchemaTypes.below(path, object.tag().orElseThrow());
      lines.addAll(
          wrapped("  ", "more with each " + tag + ": add " + tag + "=... to this help", 4));
    }
    return lines;
  }

  private static String name(Member member) {
    return member.optional() ? "[" + member.name() + "]" : member.name();
  }

  private String described(String key) {
    return types.of(key) instanceof SchemaType.Listing list
        ? "a list of: " + described(list.element())
        : TypeText.of(types.forms(key));
  }

  private List<String> words(SchemaType.Words type) {
    return wrapped(
        "  ",
        type.words().stream()
            .map(word -> word.name() + features(word.features()))
            .collect(Collectors.joining(", ")),
        2);
  }

  private static String features(List<String> features) {
    return features.isEmpty() ? "" : " (" + String.join(", ", features) + ")";
  }

  /** Breaks at blanks and bars, so that no line is wider than the terminal. */
  private List<String> wrapped(String begin, String text, int indent) {
    var lines = new ArrayList<String>();
    var line = new StringBuilder(begin);
    int used = begin.length();
    for (String part : text.split("(?<=[ |])", -1)) {
      if (line.length() + part.stripTrailing().length() > width && line.length() > used) {
        lines.add(line.toString().stripTrailing());
        line = new StringBuilder(" ".repeat(indent));
        used = indent;
      }
      line.append(part);
    }
    lines.add(line.toString().stripTrailing());
    return lines;
  }
}
