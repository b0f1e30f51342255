package dev.stillpoint.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/**
 * A command's arguments as on the command line: one JSON object, or {@code key=value} pairs. No
 * message of it repeats a value, which may be a password.
 */
final class ArgumentsText {
  private static final ObjectMapper STRICT =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .build();

  private ArgumentsText() {}

  /** Throws an {@link IllegalArgumentException} that says what is wrong. */
  static ObjectNode parse(List<String> words) {
    return words.size() == 1 && words.get(0).stripLeading().startsWith("{")
        ? object(words.get(0))
        : pairs(words);
  }

  private static ObjectNode object(String text) {
    return json(text)
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
      json(value)
          .filter(read -> !read.isTextual() && !read.isMissingNode())
          .ifPresentOrElse(read -> arguments.set(key, read), () -> arguments.put(key, value));
    }
    return arguments;
  }

  private static Optional<JsonNode> json(String text) {
    try {
      return Optional.of(STRICT.readTree(text));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
