package dev.stillpoint.cli.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.command.QmpSchema;
import dev.stillpoint.qmp.qapi.SecretMembers;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Which lines of the shell are kept in no history: those that name a member which is known as a
 * secret, and those that nobody understands and that look like it.
 */
final class SecretLines {
  private final QmpSchema schema;

  SecretLines(QmpSchema schema) {
    this.schema = schema;
  }

  boolean has(String line) {
    List<String> words = ShellWords.split(line).stream().map(ShellWords.Word::text).toList();
    if (words.isEmpty() || LineRunner.OWN.containsKey(words.get(0))) {
      return false;
    }
    boolean request = words.get(0).startsWith("{");
    String command =
        request
            ? StrictJson.read(words.get(0)).map(json -> json.path("execute").asText()).orElse("")
            : words.get(0);
    if (!schema.hasCommand(command)) {
      return looksLikeIt(line);
    }
    List<String> rest = request ? words : words.subList(1, words.size());
    return rest.stream().anyMatch(word -> isSecret(command, word))
        || (command.equals("qom-set") && looksLikeIt(line));
  }

  private static boolean isSecret(String command, String word) {
    int equals = word.indexOf('=');
    if (!word.startsWith("{") && equals > 0) {
      String path = word.substring(0, equals).replaceFirst(":$", "");
      for (String piece : path.split("\\.", -1)) {
        if (SecretMembers.of(command, piece)) {
          return true;
        }
      }
    }
    String value = word.startsWith("{") ? word : word.substring(equals + 1);
    Optional<JsonNode> json = StrictJson.read(value).filter(JsonNode::isContainerNode);
    boolean broken = json.isEmpty() && (value.startsWith("{") || value.startsWith("["));
    return broken ? looksLikeIt(word) : json.isPresent() && isSecret(command, json.get());
  }

  private static boolean isSecret(String command, JsonNode json) {
    for (var member : json.properties()) {
      if (SecretMembers.of(command, member.getKey())) {
        return true;
      }
    }
    for (JsonNode part : json) {
      if (isSecret(command, part)) {
        return true;
      }
    }
    return false;
  }

  private static boolean looksLikeIt(String text) {
    String[] names = text.toLowerCase(Locale.ROOT).split("[^a-z0-9-]+", -1);
    for (String name : names) {
      if (SecretMembers.ofAny(name) || name.contains("passw")) {
        return true;
      }
    }
    return false;
  }
}
