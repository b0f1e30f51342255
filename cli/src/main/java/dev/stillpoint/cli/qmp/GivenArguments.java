package dev.stillpoint.cli.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Arguments as they were written, before anybody knows what types they have. */
sealed interface GivenArguments {
  /** After {@code =}. */
  record Text(String text) implements GivenArguments {}

  /** After {@code :=}. */
  record Literal(JsonNode json) implements GivenArguments {}

  /** What has members, or elements. */
  record Parts(Map<String, GivenArguments> parts) implements GivenArguments {}

  /** Reads words of the forms {@code path=text} and {@code path:=JSON}. */
  static Parts of(List<String> words) {
    var all = new Parts(new LinkedHashMap<>());
    for (String word : words) {
      int equals = word.indexOf('=');
      boolean literal = equals > 0 && word.charAt(equals - 1) == ':';
      String path = word.substring(0, Math.max(0, literal ? equals - 1 : equals));
      if (path.isEmpty()) {
        throw new Mistake("an argument is written key=value or key:=JSON, or all as one object");
      }
      String value = word.substring(equals + 1);
      GivenArguments given =
          literal
              ? new Literal(
                  StrictJson.read(value)
                      .orElseThrow(() -> new Mistake("'" + path + "' is no JSON after :=")))
              : new Text(value);
      put(all, path, given);
    }
    return all;
  }

  private static void put(Parts all, String path, GivenArguments value) {
    Map<String, GivenArguments> parts = all.parts();
    String[] pieces = path.split("\\.", -1);
    for (int i = 0; i < pieces.length; i++) {
      if (pieces[i].isEmpty()) {
        throw new Mistake("'" + path + "' has a dot too many");
      }
      if (i == pieces.length - 1) {
        if (parts.putIfAbsent(pieces[i], value) != null) {
          throw new Mistake("'" + path + "' is given twice");
        }
      } else if (parts.computeIfAbsent(pieces[i], piece -> new Parts(new LinkedHashMap<>()))
          instanceof Parts within) {
        parts = within.parts();
      } else {
        throw new Mistake("'" + path + "' is given twice");
      }
    }
  }
}
