package dev.stillpoint.qmp.generator.agreement;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Life;
import dev.stillpoint.qmp.generator.model.Member;
import dev.stillpoint.qmp.generator.model.Model;
import dev.stillpoint.qmp.generator.model.Version;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Walks the model of one version and the answer of a running QEMU side by side. */
public final class Agreement {
  private final Model model;
  private final Version version;
  private final Map<String, JsonNode> types = new HashMap<>();
  private final Map<String, JsonNode> commands = new LinkedHashMap<>();
  private final Map<String, JsonNode> events = new LinkedHashMap<>();
  private final List<String> wrong = new ArrayList<>();
  private final List<String> drift = new ArrayList<>();
  private final Map<String, String> leftOut = new LinkedHashMap<>();
  private final Set<String> compared = new HashSet<>();
  private int members;

  private Agreement(Model model, Version version, JsonNode answer) {
    this.model = model;
    this.version = version;
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

  /** Compares what the model says of a version with what a QEMU of that version answered. */
  public static Report check(Model model, Version version, JsonNode answer) {
    return new Agreement(model, version, answer).report();
  }

  private Report report() {
    var knownCommands = model.commands().filter(one -> one.life().in(version)).toList();
    var knownEvents = model.events().filter(one -> one.life().in(version)).toList();
    int comparedCommands = 0;
    for (Definition.Command command : knownCommands) {
      JsonNode entry = commands.get(command.name());
      if (there(command.name(), command.life(), entry != null)) {
        comparedCommands++;
        command(command, entry == null ? MissingNode.getInstance() : entry);
      }
    }
    int comparedEvents = 0;
    for (Definition.Event event : knownEvents) {
      JsonNode entry = events.get(event.name());
      if (there(event.name(), event.life(), entry != null)) {
        comparedEvents++;
        JsonNode carried = type((entry == null ? MissingNode.getInstance() : entry), "arg-type");
        object(event.name(), model.joined(event.data(), event.members()), carried);
      }
    }
    unknown(commands.keySet().stream(), knownCommands.stream().map(Definition::name).toList());
    unknown(events.keySet().stream(), knownEvents.stream().map(Definition::name).toList());
    return new Report(comparedCommands, comparedEvents, members, wrong, drift, leftOut);
  }

  private void unknown(Stream<String> there, List<String> known) {
    there.filter(name -> !known.contains(name)).forEach(name -> missed(name + " has no model"));
  }

  /** Of a version after the newest that is modelled it is news, and no error. */
  private void missed(String line) {
    (version.compareTo(model.versions().getLast()) > 0 ? drift : wrong).add(line);
  }

  private boolean there(String path, Life life, boolean found) {
    if (!found && life.condition().isEmpty()) {
      missed(path + " is not there");
    } else if (!found) {
      leftOut.put(path, life.condition());
    }
    return found;
  }

  private void command(Definition.Command command, JsonNode entry) {
    String name = command.name();
    JsonNode arguments = type(entry, "arg-type");
    if (model.type(command.data()) instanceof Definition.Union union && arguments.has("variants")) {
      union(name, union, arguments);
    } else {
      object(name, model.joined(command.data(), command.members()), arguments);
    }
    if (!command.returns().isEmpty()) {
      compare(name + " returns", command.returns(), entry.path("ret-type").asText());
    } else if (!type(entry, "ret-type").path("members").isEmpty()) {
      wrong.add(name + " returns something");
    }
    if (version.equals(model.versions().getLast())) {
      features(name, command.life(), entry);
    }
  }

  private void features(String path, Life life, JsonNode entry) {
    for (String feature : List.of(Life.DEPRECATED, Life.UNSTABLE)) {
      boolean said = false;
      for (JsonNode one : entry.path("features")) {
        said |= one.asText().equals(feature);
      }
      if (said != life.features().contains(feature)) {
        wrong.add(path + " is " + (said ? "" : "not ") + feature);
      }
    }
  }

  private JsonNode type(JsonNode entry, String key) {
    return types.getOrDefault(entry.path(key).asText(), MissingNode.getInstance());
  }

  private void object(String path, List<Member> known, JsonNode object) {
    var found = new LinkedHashMap<String, JsonNode>();
    object.path("members").forEach(member -> found.put(member.path("name").asText(), member));
    for (Member member : known) {
      if (!member.life().in(version)) {
        continue;
      }
      members++;
      String at = path + "." + member.name();
      JsonNode entry = found.remove(member.name());
      if (there(at, member.life(), entry != null) && entry != null) {
        if (entry.has("default") && !member.optional()) {
          wrong.add(at + " is optional");
        }
        if (version.equals(model.versions().getLast())) {
          features(at, member.life(), entry);
        }
        compare(at, member.type(), entry.path("type").asText());
      }
    }
    found.keySet().forEach(name -> missed(path + "." + name + " has no model"));
  }

  private void union(String path, Definition.Union union, JsonNode object) {
    object(path, model.allMembers(union.name()), object);
    var found = new LinkedHashMap<String, JsonNode>();
    object.path("variants").forEach(one -> found.put(one.path("case").asText(), one));
    for (Member branch : union.members()) {
      if (!branch.life().in(version)) {
        continue;
      }
      members++;
      JsonNode entry = found.remove(branch.name());
      String condition = branch.life().condition();
      if (condition.isEmpty()) {
        condition = wordCondition(union, branch.name());
      }
      String at = path + "=" + branch.name();
      var life = new Life(null, null, condition, List.of());
      if (there(at, life, entry != null) && entry != null) {
        compare(at, branch.type(), entry.path("type").asText());
      }
    }
    found.forEach((name, entry) -> {
      if (!type(entry, "type").path("members").isEmpty()) {
        missed(path + "=" + name + " has no model");
      }
    });
  }

  /** A branch is there only where the word that decides for it is. */
  private String wordCondition(Definition.Union union, String value) {
    for (Member member : model.allMembers(union.name())) {
      if (member.name().equals(union.discriminator())
          && model.type(member.type()) instanceof Definition.Enumeration words) {
        return words.members().stream()
            .filter(word -> word.name().equals(value))
            .map(word -> word.life().condition())
            .findFirst()
            .orElse("");
      }
    }
    return "";
  }

  private void compare(String path, String known, String found) {
    if (!compared.add(known + " " + found)) {
      return;
    }
    JsonNode entry = types.getOrDefault(found, MissingNode.getInstance());
    String meta = entry.path("meta-type").asText();
    if (known.startsWith("[")) {
      if (meta.equals("array")) {
        compare(
            path + "[]",
            known.substring(1, known.length() - 1),
            entry.path("element-type").asText());
      } else {
        wrong.add(path + " is no list");
      }
      return;
    }
    boolean same =
        switch (model.type(known)) {
          case null -> jsonType(known).equals(entry.path("json-type").asText());
          case Definition.Enumeration words -> words(path, words, meta, entry);
          case Definition.Alternate forms -> alternate(path, forms, meta, entry);
          case Definition.Struct struct -> {
            object(path, model.allMembers(struct.name()), entry);
            yield meta.equals("object") && !entry.has("variants");
          }
          case Definition.Union union -> {
            union(path, union, entry);
            yield meta.equals("object");
          }
          default -> false;
        };
    if (!same) {
      wrong.add(path + " is no " + known + " but " + (meta.equals("builtin") ? found : meta));
    }
  }

  private boolean words(String path, Definition.Enumeration known, String meta, JsonNode entry) {
    if (!meta.equals("enum")) {
      // An older version takes any text.
      return entry.path("json-type").asText().equals("string");
    }
    var found = new HashSet<String>();
    entry.path("values").forEach(value -> found.add(value.asText()));
    for (Member word : known.members()) {
      if (word.life().in(version)) {
        members++;
        there(path + ":" + word.name(), word.life(), found.remove(word.name()));
      }
    }
    found.forEach(word -> missed(path + ":" + word + " has no model"));
    return true;
  }

  private boolean alternate(String path, Definition.Alternate forms, String meta, JsonNode entry) {
    if (!meta.equals("alternate")) {
      // An older version has one of the forms only.
      return forms.members().stream()
          .anyMatch(form -> jsonType(form.type()).equals(entry.path("json-type").asText()));
    }
    var kinds = new ArrayList<String>();
    entry.path("members").forEach(form -> kinds.add(form.path("type").asText()));
    for (Member form : forms.members()) {
      if (!form.life().in(version)) {
        continue;
      }
      members++;
      kinds.stream()
          .filter(kind -> jsonKind(kind).equals(formKind(form.type())))
          .findFirst()
          .ifPresentOrElse(
              kind -> {
                kinds.remove(kind);
                compare(path + "=" + form.name(), form.type(), kind);
              },
              () -> there(path + "=" + form.name(), form.life(), false));
    }
    kinds.forEach(kind -> missed(path + "=" + kind + " has no model"));
    return true;
  }

  private String jsonKind(String type) {
    JsonNode entry = types.getOrDefault(type, MissingNode.getInstance());
    return switch (entry.path("meta-type").asText()) {
      case "builtin" -> entry.path("json-type").asText();
      case "enum" -> "string";
      case "array" -> "array";
      default -> "object";
    };
  }

  private String formKind(String type) {
    if (type.startsWith("[")) {
      return "array";
    }
    return switch (model.type(type)) {
      case null -> jsonType(type);
      case Definition.Enumeration ignored -> "string";
      default -> "object";
    };
  }

  private static String jsonType(String builtIn) {
    return switch (builtIn) {
      case "str" -> "string";
      case "bool" -> "boolean";
      case "number", "null" -> builtIn;
      case "any" -> "value";
      default -> "int";
    };
  }
}
