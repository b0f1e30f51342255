package dev.stillpoint.qmp.generator.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Finds types that have another name in the newest version. Where a member's type is one that an
 * older version does not define, that version's type for the member is taken for the same, so that
 * what it consisted of then is not lost.
 */
final class Renames {
  private Renames() {}

  /** Gives each older model its types under their newest names as well. */
  static void apply(List<Model> models) {
    Model newest = models.getLast();
    for (Model older : models.subList(0, models.size() - 1)) {
      // A type that has been found by its new name may lead to further ones.
      while (true) {
        Map<String, Definition> found = find(older, newest);
        if (found.isEmpty()) {
          break;
        }
        older.byKey().putAll(found);
      }
    }
  }

  private static Map<String, Definition> find(Model older, Model newest) {
    var found = new LinkedHashMap<String, Definition>();
    newest
        .byKey()
        .forEach((key, now) -> {
          Definition then = older.byKey().get(key);
          if (then == null) {
            return;
          }
          members(newest, now)
              .forEach(member ->
                  members(older, then)
                      .filter(one -> one.name().equals(member.name()))
                      .forEach(one -> {
                        String newName = element(member.type());
                        Definition old = older.type(element(one.type()));
                        if (old != null
                            && older.type(newName) == null
                            && newest.type(newName) != null) {
                          found.put(newName, renamed(old, newName));
                        }
                      }));
        });
    return found;
  }

  private static Stream<Member> members(Model model, Definition definition) {
    Stream<Member> inherited =
        switch (definition) {
          case Definition.Command command -> model.allMembers(command.data()).stream();
          case Definition.Event event -> model.allMembers(event.data()).stream();
          case Definition.Struct struct -> model.allMembers(struct.name()).stream();
          case Definition.Union union -> model.allMembers(union.name()).stream();
          default -> Stream.of();
        };
    return Stream.concat(inherited, definition.members().stream());
  }

  private static String element(String type) {
    return type.startsWith("[") ? type.substring(1, type.length() - 1) : type;
  }

  private static Definition renamed(Definition old, String name) {
    return switch (old) {
      case Definition.Struct one ->
          new Definition.Struct(name, one.life(), one.base(), one.members());
      case Definition.Enumeration one ->
          new Definition.Enumeration(name, one.life(), one.members());
      case Definition.Alternate one -> new Definition.Alternate(name, one.life(), one.members());
      case Definition.Union one ->
          new Definition.Union(
              name, one.life(), one.base(), one.common(), one.discriminator(), one.members());
      case Definition.Command one -> one;
      case Definition.Event one -> one;
    };
  }
}
