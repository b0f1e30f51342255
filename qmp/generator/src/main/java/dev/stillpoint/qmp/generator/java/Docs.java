package dev.stillpoint.qmp.generator.java;

import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Definition.Flag;
import dev.stillpoint.qmp.generator.model.Life;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** What the generated types say of themselves: facts of the model, and lines of our own. */
final class Docs {
  private static final Properties OURS = load();

  private Docs() {}

  private static Properties load() {
    var lines = new Properties();
    try (InputStream in =
        Docs.class.getResourceAsStream("/dev/stillpoint/qmp/generator/docs.properties")) {
      lines.load(new java.io.InputStreamReader(in, StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return lines;
  }

  /** The comment of a type. */
  static String of(Definition definition, List<Component> components) {
    var sentences = new ArrayList<String>();
    String ours = OURS.getProperty(definition.name(), "");
    sentences.add(kind(definition) + (ours.isEmpty() ? "." : ": " + ours));
    String life = life(definition.life());
    if (!life.isEmpty()) {
      sentences.add(life);
    }
    if (definition instanceof Definition.Command command) {
      if (command.flags().contains(Flag.OUT_OF_BAND)) {
        sentences.add("May be executed out of band.");
      }
      if (command.flags().contains(Flag.SILENT)) {
        sentences.add("Is not answered when it succeeds.");
      }
    }
    var text = new StringBuilder("/**\n * ").append(String.join(" ", sentences)).append('\n');
    boolean first = true;
    for (Component component : components) {
      String of = life(component.member().life());
      if (!of.isEmpty()) {
        text.append(first ? " *\n" : "");
        text.append(" * @param ").append(component.name()).append(' ').append(lower(of));
        text.append('\n');
        first = false;
      }
    }
    return text.append(" */\n").toString();
  }

  private static String kind(Definition definition) {
    String name = "{@code " + definition.name() + "}";
    return switch (definition) {
      case Definition.Command ignored -> "The command " + name;
      case Definition.Event ignored -> "The event " + name;
      case Definition.Enumeration ignored -> "One of the words of " + name;
      case Definition.Alternate ignored -> "One of the forms of " + name;
      case Definition.Union ignored -> "One of the kinds of " + name;
      case Definition.Struct ignored -> "The type " + name;
    };
  }

  /** In which QEMU it is, in full sentences; empty where it is in every one. */
  static String life(Life life) {
    var parts = new ArrayList<String>();
    if (life.since() != null) {
      parts.add("Since QEMU " + life.since() + ".");
    }
    if (life.until() != null) {
      parts.add("Gone after QEMU " + life.until() + ".");
    }
    if (!life.condition().isEmpty()) {
      parts.add("Only in builds with {@code " + life.condition() + "}.");
    }
    if (life.isDeprecated()) {
      parts.add("Deprecated by QEMU.");
    }
    if (life.isUnstable()) {
      parts.add("Unstable.");
    }
    return String.join(" ", parts);
  }

  private static String lower(String sentence) {
    return Character.toLowerCase(sentence.charAt(0)) + sentence.substring(1);
  }
}
