package dev.stillpoint.qmp.generator.qapi;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Conditions of all versions in one form: {@code CONFIG_A && (CONFIG_B || !CONFIG_C)}. */
final class Conditions {
  private Conditions() {}

  /** The text of a condition; empty for none. */
  static String text(@Nullable Object condition) {
    return switch (condition) {
      case null -> "";
      case String text -> text.replaceAll("defined ?\\(([A-Za-z0-9_]+)\\)", "$1").strip();
      case List<?> all -> joined(all, " && ");
      case Map<?, ?> form -> form(form);
      default -> throw new IllegalArgumentException("a condition of an unknown form: " + condition);
    };
  }

  private static String form(Map<?, ?> form) {
    var entry = form.entrySet().iterator().next();
    return switch (String.valueOf(entry.getKey())) {
      case "all" -> joined((List<?>) entry.getValue(), " && ");
      case "any" -> joined((List<?>) entry.getValue(), " || ");
      case "not" -> "!" + inner(entry.getValue());
      default -> throw new IllegalArgumentException("a condition of an unknown form: " + form);
    };
  }

  private static String joined(List<?> parts, String word) {
    return parts.size() == 1
        ? text(parts.getFirst())
        : parts.stream().map(Conditions::inner).collect(Collectors.joining(word));
  }

  private static String inner(@Nullable Object part) {
    String text = text(part);
    return text.contains(" ") ? "(" + text + ")" : text;
  }
}
