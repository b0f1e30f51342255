package dev.stillpoint.qmp.generator.java;

import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Definition.Flag;
import dev.stillpoint.qmp.generator.model.Life;
import dev.stillpoint.qmp.generator.model.Member;
import dev.stillpoint.qmp.generator.model.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Writes the Java of a model: the name of each file and its text. */
public final class Writer {
  private static final String JSON_VALUE = "@JsonValue ";

  private final Schema schema;
  private final Target target;
  private final UnionText unions;
  private final Map<String, String> files = new TreeMap<>();

  private Writer(Model model, Target target) {
    this.schema = new Schema(model, target);
    this.target = target;
    this.unions = new UnionText(schema);
  }

  /** All files by their names within the package. */
  public static Map<String, String> write(Model model) {
    var writer = new Writer(model, Target.of(model.protocol()));
    model.commands().forEach(writer::command);
    model.events().forEach(writer::event);
    writer.schema.types().forEach(writer::type);
    if (model.events().findAny().isPresent()) {
      writer.file("EventTypes", new EventTypesText(writer.schema).text());
      writer.file("SecretMembers", Secrets.text());
    }
    return writer.files;
  }

  private void file(String name, String body) {
    String text =
        """
        // Written by stillpoint-qmp-generator from the model of the schema; not to be edited.
        package %s;

        import com.fasterxml.jackson.annotation.JsonCreator;
        import com.fasterxml.jackson.annotation.JsonProperty;
        import com.fasterxml.jackson.annotation.JsonValue;
        import dev.stillpoint.qmp.qapi.Generated;
        import dev.stillpoint.qmp.qapi.Unstable;
        import dev.stillpoint.qmp.wire.Json;
        import dev.stillpoint.qmp.wire.Lists;
        import org.jspecify.annotations.Nullable;

        %s\
        """
            .formatted(target.packageName(), indented(body));
    if (files.put(name + ".java", text) != null) {
      throw new IllegalStateException("two types are called " + name);
    }
  }

  /** Puts blanks before the lines, two for each brace that is open. */
  private static String indented(String body) {
    var text = new StringBuilder();
    int depth = 0;
    for (String line : body.lines().toList()) {
      int closing = line.startsWith("}") ? 1 : 0;
      text.append("  ".repeat(line.isBlank() ? 0 : depth - closing)).append(line).append('\n');
      for (int i = 0; i < line.length(); i++) {
        depth += line.charAt(i) == '{' ? 1 : line.charAt(i) == '}' ? -1 : 0;
      }
    }
    return text.toString();
  }

  /** What stands before each type. */
  static String head(Life life) {
    return (life.isDeprecated() ? "@Deprecated\n" : "")
        + (life.isUnstable() ? "@Unstable\n" : "")
        + "@Generated(\"stillpoint-qmp-generator\")\n@SuppressWarnings(\"deprecation\")\n";
  }

  private List<Component> components(String owner, List<Member> members) {
    return members.stream().map(member -> Component.of(schema, owner, member)).toList();
  }

  private void command(Definition.Command command) {
    String name = JavaNames.type(command.name());
    JavaType result =
        command.returns().isEmpty() ? JavaType.plain("Void") : schema.type(command.returns());
    String extra = methods(command, result);
    String interfaces = "implements " + target.commandType() + "<" + result.boxed() + "> ";
    List<Component> components;
    String head = head(command.life()) + "public ";
    if (schema.isUnion(command.data())) {
      components = List.of();
      JavaType union = schema.type(command.data());
      file(
          name,
          Docs.of(command, components)
              + "%srecord %s(%s%s arguments) %s{\n%s}\n"
                  .formatted(head, name, JSON_VALUE, union.name(), interfaces, extra));
      return;
    }
    components = components(command.name(), schema.arguments(command));
    if (command.flags().contains(Flag.OPEN) && !components.isEmpty()) {
      components = Stream.concat(components.stream(), Stream.of(Component.more())).toList();
    }
    file(
        name,
        Docs.of(command, components)
            + new RecordText(head, name, components, interfaces, extra, true).text());
  }

  private static String methods(Definition.Command command, JavaType result) {
    String type =
        result.isList() ? "Lists.typeOf(" + result.element() + ".class)" : result.raw() + ".class";
    return """
    @Override
    public String command() {
    return "%s";
    }

    @Override
    public java.lang.reflect.Type resultType() {
    return %s;
    }
    """
        .formatted(command.name(), type);
  }

  private void event(Definition.Event event) {
    String name = JavaNames.event(event.name());
    List<Component> components = components(event.name(), schema.carried(event));
    String head = head(event.life()) + "@EventName(\"" + event.name() + "\")\npublic ";
    file(
        name,
        Docs.of(event, components)
            + new RecordText(head, name, components, "implements EventData ", "", false).text());
  }

  private void type(Definition definition) {
    String name = schema.typeName(definition.name());
    switch (definition) {
      case Definition.Struct struct -> {
        if (!schema.isCommand(struct.name())) {
          List<Component> components =
              components(struct.name(), schema.model().allMembers(struct.name()));
          String head = head(struct.life()) + "public ";
          file(
              name,
              Docs.of(struct, components)
                  + new RecordText(head, name, components, "", "", schema.isSent(struct.name()))
                      .text());
        }
      }
      case Definition.Enumeration words -> file(name, enumeration(name, words));
      case Definition.Union union -> file(name, unions.text(name, union));
      case Definition.Alternate alternate ->
          file(name, new AlternateText(schema).text(name, alternate));
      default -> throw new IllegalStateException("no type: " + definition.name());
    }
  }

  private static String enumeration(String name, Definition.Enumeration words) {
    var text = new StringBuilder(Docs.of(words, List.of())).append(head(words.life()));
    text.append("public record ").append(name).append("(").append(JSON_VALUE);
    text.append("String value) {\n");
    var known = new ArrayList<String>();
    for (Member word : words.members()) {
      String life = Docs.life(word.life());
      text.append("/** {@code ").append(word.name()).append("}. ").append(life).append(" */\n");
      text.append(word.life().isDeprecated() ? "@Deprecated\n" : "");
      text.append(word.life().isUnstable() ? "@Unstable\n" : "");
      String constant = JavaNames.constant(word.name());
      text.append(
          "public static final %s %s = new %s(\"%s\");\n\n"
              .formatted(name, constant, name, word.name()));
      known.add("\"" + word.name() + "\"");
    }
    text.append(
        """
        /** A word, also one that is not known here. */
        @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
        public static %s of(String value) {
        return new %s(value);
        }

        """
            .formatted(name, name));
    text.append("/** Whether it is one of the words that were known when this was written. */\n");
    text.append("public boolean known() {\nreturn switch (value) {\ncase ");
    text.append(String.join(", ", known)).append(" -> true;\ndefault -> false;\n};\n}\n\n");
    text.append("@Override\npublic String toString() {\nreturn value;\n}\n}\n");
    return text.toString();
  }
}
