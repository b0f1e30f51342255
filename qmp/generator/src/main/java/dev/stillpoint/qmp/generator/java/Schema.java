package dev.stillpoint.qmp.generator.java;

import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Member;
import dev.stillpoint.qmp.generator.model.Model;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A model seen as what is to be written: which types are needed, for what, and their names. */
final class Schema {
  private static final Map<String, JavaType> BUILT_IN =
      Map.ofEntries(
          Map.entry("str", JavaType.plain("String")),
          Map.entry("bool", JavaType.primitive("boolean", "Boolean")),
          Map.entry("number", JavaType.primitive("double", "Double")),
          Map.entry("int8", JavaType.primitive("int", "Integer")),
          Map.entry("int16", JavaType.primitive("int", "Integer")),
          Map.entry("int32", JavaType.primitive("int", "Integer")),
          Map.entry("uint8", JavaType.primitive("int", "Integer")),
          Map.entry("uint16", JavaType.primitive("int", "Integer")),
          Map.entry("uint32", JavaType.primitive("long", "Long")),
          Map.entry("int", JavaType.primitive("long", "Long")),
          Map.entry("int64", JavaType.primitive("long", "Long")),
          Map.entry("uint64", JavaType.primitive("long", "Long")),
          Map.entry("size", JavaType.primitive("long", "Long")),
          Map.entry("any", JavaType.plain("com.fasterxml.jackson.databind.JsonNode")));

  private final Model model;
  private final Target target;
  private final Set<String> sent = new LinkedHashSet<>();
  private final Set<String> received = new LinkedHashSet<>();
  private final Set<String> commandNames;

  Schema(Model model, Target target) {
    this.model = model;
    this.target = target;
    model
        .commands()
        .forEach(command -> {
          reach(sent, command.data());
          command.members().forEach(member -> reach(sent, member.type()));
          reach(received, command.returns());
        });
    model
        .events()
        .forEach(event -> {
          reach(received, event.data());
          event.members().forEach(member -> reach(received, member.type()));
        });
    commandNames =
        model
            .commands()
            .map(command -> JavaNames.type(command.name()))
            .collect(Collectors.toCollection(HashSet::new));
  }

  Model model() {
    return model;
  }

  Target target() {
    return target;
  }

  private void reach(Set<String> into, String type) {
    String name = element(type);
    Definition definition = model.type(name);
    if (definition == null || !into.add(name)) {
      return;
    }
    switch (definition) {
      case Definition.Struct struct -> reach(into, struct.base());
      case Definition.Union union -> {
        reach(into, union.base());
        union.common().forEach(member -> reach(into, member.type()));
      }
      default -> {}
    }
    definition.members().forEach(member -> reach(into, member.type()));
  }

  private static String element(String type) {
    return type.startsWith("[") ? type.substring(1, type.length() - 1) : type;
  }

  /** The types that any command or event needs. */
  List<Definition> types() {
    return Stream.concat(sent.stream(), received.stream())
        .distinct()
        .<Definition>map(name -> java.util.Objects.requireNonNull(model.type(name)))
        .toList();
  }

  /** Whether a type is part of what a command takes. */
  boolean isSent(String type) {
    return sent.contains(type);
  }

  /** Whether it is an object whose members depend on one of them. */
  boolean isUnion(String type) {
    return model.type(type) instanceof Definition.Union;
  }

  /** Whether the record of a command is that of the type of its arguments as well. */
  boolean isSame(Definition.Command command) {
    return !command.data().isEmpty()
        && JavaNames.type(command.name()).equals(JavaNames.type(command.data()));
  }

  /** Whether a type is written as a command. */
  boolean isCommand(String type) {
    return model.commands().anyMatch(command -> command.data().equals(type) && isSame(command));
  }

  /** The simple name of a type's Java type. A command's name goes to the command. */
  String typeName(String schema) {
    String name = JavaNames.type(schema);
    return commandNames.contains(name) && !isCommand(schema) ? name + "Result" : name;
  }

  /** The Java type for a reference to a type, by its full name where that is one of ours. */
  JavaType type(String reference) {
    if (reference.startsWith("[")) {
      return type(element(reference)).list();
    }
    JavaType builtIn = BUILT_IN.get(reference);
    if (builtIn != null) {
      return builtIn;
    }
    if (model.type(reference) == null) {
      throw new IllegalStateException("an unknown type: " + reference);
    }
    return JavaType.plain(target.packageName() + "." + typeName(reference));
  }

  /** The members that a command takes, where they can be told without knowing any of them. */
  List<Member> arguments(Definition.Command command) {
    return model.joined(command.data(), command.members());
  }

  /** The members that an event carries. */
  List<Member> carried(Definition.Event event) {
    return model.joined(event.data(), event.members());
  }
}
