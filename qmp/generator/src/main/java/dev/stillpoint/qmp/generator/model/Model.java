package dev.stillpoint.qmp.generator.model;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One protocol over some versions. Commands and events have names of their own, apart from types.
 */
public final class Model {
  private final String protocol;
  private final List<Version> versions;
  private final Map<String, Definition> definitions = new LinkedHashMap<>();

  /** The definitions in an order that is kept; {@code versions} from old to new. */
  public Model(String protocol, List<Version> versions, Collection<Definition> definitions) {
    this.protocol = protocol;
    this.versions = List.copyOf(versions);
    definitions.forEach(definition -> this.definitions.put(key(definition), definition));
  }

  static String key(Definition definition) {
    return switch (definition) {
      case Definition.Command ignored -> "command " + definition.name();
      case Definition.Event ignored -> "event " + definition.name();
      default -> definition.name();
    };
  }

  /** {@code qmp} or {@code qga}. */
  public String protocol() {
    return protocol;
  }

  /** The versions that it was made of, from old to new. */
  public List<Version> versions() {
    return versions;
  }

  /** Everything. */
  public List<Definition> definitions() {
    return List.copyOf(definitions.values());
  }

  Map<String, Definition> byKey() {
    return definitions;
  }

  /** The commands. */
  public Stream<Definition.Command> commands() {
    return only(Definition.Command.class);
  }

  /** The events. */
  public Stream<Definition.Event> events() {
    return only(Definition.Event.class);
  }

  private <D extends Definition> Stream<D> only(Class<D> kind) {
    return definitions.values().stream().filter(kind::isInstance).map(kind::cast);
  }

  /** A type by its name in the schema; null for what is built in. */
  public @Nullable Definition type(String name) {
    return definitions.get(name);
  }

  /** A command by its name; null where there is none. */
  public Definition.@Nullable Command command(String name) {
    return (Definition.Command) definitions.get("command " + name);
  }

  /** An event by its name; null where there is none. */
  public Definition.@Nullable Event event(String name) {
    return (Definition.Event) definitions.get("event " + name);
  }

  /** The members of an object with those of its bases before them; none where it is no object. */
  public List<Member> allMembers(String type) {
    return switch (type(type)) {
      case Definition.Struct struct -> withBase(struct.base(), struct.members());
      case Definition.Union union -> withBase(union.base(), union.common());
      case null, default -> List.of();
    };
  }

  /** What a command takes or an event carries: the members of its type, and its own. */
  public List<Member> joined(String data, List<Member> own) {
    return withBase(data, own);
  }

  /** A member that is there again says more of its life than the base can. */
  private List<Member> withBase(String base, List<Member> own) {
    var all = new LinkedHashMap<String, Member>();
    if (!base.isEmpty()) {
      allMembers(base).forEach(member -> all.put(member.name(), member));
    }
    own.forEach(member -> all.put(member.name(), member));
    return List.copyOf(all.values());
  }
}
