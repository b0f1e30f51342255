package dev.stillpoint.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.cli.qmp.StrictJson;
import java.util.List;

/**
 * A command's arguments as on the command line: one JSON object, or {@code key=value} pairs. No
 * message of it repeats a value, which may be a password.
 */
final class ArgumentsText {
  private ArgumentsText() {}

  /** Throws an {@link IllegalArgumentException} that says what is wrong. */
  static ObjectNode parse(List<String> words) {
    return words.size() == 1 && words.get(0).stripLeading().startsWith("{")
        ? object(words.get(0))
        : pairs(words);
  }

  private static ObjectNode object(String text) {
    return StrictJson.read(text)
        .filter(JsonNode::isObject)
        .map(ObjectNode.class::cast)
        .orElseThrow(() -> new IllegalArgumentException("the arguments are no JSON object"));
  }

  private static ObjectNode pairs(List<String> words) {
    ObjectNode arguments = ResultJson.object();
    for (String word : words) {
      int equals = word.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException(
            "an argument is written key=value, or all as one object");
      }
      String key = word.substring(0, equals);
      if (arguments.has(key)) {
        throw new IllegalArgumentException("'" + key + "' is given twice");
      }
      String value = word.substring(equals + 1);
      // A quoted text stays as it is: nobody writes quotes within a shell's quotes by accident.
      StrictJson.read(value)
          .filter(read -> !read.isTextual())
          .ifPresentOrElse(read -> arguments.set(key, read), () -> arguments.put(key, value));
    }
    return arguments;
  }
}
