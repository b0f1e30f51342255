package dev.stillpoint.qmp.generator.java;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The text of one record.
 *
 * @param head annotations and modifiers before the word {@code record}
 * @param interfaces what it implements, with the word; empty for nothing
 * @param extra further members, complete
 * @param isSent whether it is made by callers, so that it needs to be made with ease
 */
record RecordText(
    String head,
    String name,
    List<Component> components,
    String interfaces,
    String extra,
    boolean isSent) {

  String text() {
    var text = new StringBuilder(head).append("record ").append(name).append('(');
    text.append(join(", ", Component::declaration)).append(") ").append(interfaces).append("{\n");
    lists(text);
    if (isSent && components.stream().anyMatch(Component::nullable)) {
      of(text);
      components.stream().filter(Component::nullable).forEach(one -> with(text, one));
    }
    text.append(extra);
    if (components.stream().anyMatch(Component::isSecret)) {
      discreet(text);
    }
    return text.append("}\n").toString();
  }

  private interface Part {
    String of(Component component);
  }

  private String join(String between, Part part) {
    return components.stream().map(part::of).collect(Collectors.joining(between));
  }

  private void lists(StringBuilder text) {
    var lists = components.stream().filter(one -> one.type().isList()).toList();
    if (lists.isEmpty()) {
      return;
    }
    text.append("/** Copies the lists. */\npublic ").append(name).append(" {\n");
    lists.forEach(one ->
        text.append(
            "%s = Lists.%s(%s);\n"
                .formatted(one.name(), one.nullable() ? "copyOrNull" : "copy", one.name())));
    text.append("}\n");
  }

  private void of(StringBuilder text) {
    var needed = components.stream().filter(one -> !one.nullable()).toList();
    text.append("/** With what must be there, and nothing else. */\npublic static ");
    text.append(name).append(" of(");
    text.append(needed.stream().map(Component::parameter).collect(Collectors.joining(", ")));
    text.append(") {\nreturn new ").append(name).append('(');
    text.append(join(", ", one -> one.nullable() ? "null" : one.name())).append(");\n}\n");
  }

  private void with(StringBuilder text, Component changed) {
    String capital = Character.toUpperCase(changed.name().charAt(0)) + changed.name().substring(1);
    text.append("/** The same with another {@code ").append(changed.member().name());
    text.append("}. */\npublic ").append(name).append(" with").append(capital).append('(');
    text.append(changed.parameter()).append(") {\nreturn new ").append(name).append('(');
    text.append(join(", ", Component::name)).append(");\n}\n");
  }

  private void discreet(StringBuilder text) {
    text.append("/** Without what is secret. */\n@Override\npublic String toString() {\nreturn \"");
    text.append(name).append("[\"");
    String between = "";
    for (Component one : components) {
      text.append(" + \"").append(between).append(one.name()).append("=\" + ");
      text.append(one.isSecret() ? "\"***\"" : one.name());
      between = ", ";
    }
    text.append(" + \"]\";\n}\n");
  }
}
