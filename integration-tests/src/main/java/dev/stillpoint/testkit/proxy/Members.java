package dev.stillpoint.testkit.proxy;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The members of the outermost JSON object of a line, each as the text that stands there. It is
 * enough to tell requests, replies and events apart; what is no JSON gives no members, or wrong
 * ones, and never an error.
 */
final class Members {
  private final String text;
  private final Map<String, String> found = new LinkedHashMap<>();
  private int depth;
  private int start;
  private String name = "";

  private Members(String text) {
    this.text = text;
  }

  static Map<String, String> of(String text) {
    var members = new Members(text);
    boolean quoted = false;
    for (int i = 0; i < text.length(); i++) {
      char next = text.charAt(i);
      if (quoted && next == '\\') {
        i++;
      } else if (next == '"') {
        quoted = !quoted;
      } else if (!quoted) {
        members.structure(next, i);
      }
    }
    return members.found;
  }

  /** The text of a JSON string without its quotes; anything else as it is. */
  static String unquote(String value) {
    boolean quoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
    return quoted ? value.substring(1, value.length() - 1) : value;
  }

  private void structure(char next, int at) {
    switch (next) {
      case '{', '[' -> {
        if (++depth == 1) {
          start = at + 1;
        }
      }
      case ':' -> {
        if (depth == 1 && name.isEmpty()) {
          name = unquote(text.substring(start, at).strip());
          start = at + 1;
        }
      }
      case ',', '}', ']' -> {
        if (depth == 1) {
          end(at);
        }
        if (next != ',') {
          depth--;
        }
      }
      default -> {
        // Part of a value.
      }
    }
  }

  private void end(int at) {
    if (!name.isEmpty()) {
      found.put(name, text.substring(start, at).strip());
    }
    name = "";
    start = at + 1;
  }
}
