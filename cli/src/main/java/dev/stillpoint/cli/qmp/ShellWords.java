package dev.stillpoint.cli.qmp;

import java.util.ArrayList;
import java.util.List;

/**
 * A line of the shell as words. They end at blanks; {@code '...'} is kept as it is, {@code "..."}
 * too but for a backslash, which takes the meaning of what follows, as it does outside of quotes.
 * JSON stands as it is: an object at the beginning of a word, and an object, a list or a text after
 * {@code :=}, an object or a list after {@code =}. It ends with its last bracket.
 */
final class ShellWords {
  /** A word, where it begins in the line, and whether the line ends within its quotes. */
  record Word(String text, int start, boolean open) {}

  private final String line;
  private final List<Word> words = new ArrayList<>();
  private int at;

  private ShellWords(String line) {
    this.line = line;
  }

  static List<Word> split(String line) {
    var split = new ShellWords(line);
    split.run();
    return split.words;
  }

  /** The texts alone, of a line that is whole. */
  static List<String> texts(String line) {
    List<Word> words = split(line);
    if (isOpen(words)) {
      throw new Mistake("a quote or a bracket is not closed");
    }
    return words.stream().map(Word::text).toList();
  }

  /** Whether more must follow. */
  static boolean isOpen(List<Word> words) {
    return !words.isEmpty() && words.get(words.size() - 1).open();
  }

  private void run() {
    while (true) {
      while (at < line.length() && Character.isWhitespace(line.charAt(at))) {
        at++;
      }
      if (at == line.length()) {
        return;
      }
      word();
    }
  }

  private void word() {
    int start = at;
    boolean open = false;
    var text = new StringBuilder();
    while (at < line.length() && !open && !Character.isWhitespace(line.charAt(at))) {
      char c = line.charAt(at);
      if (beginsJson(text, c)) {
        open = json(text);
      } else if (c == '\'' || c == '"') {
        open = quoted(text, c);
      } else if (c == '\\') {
        open = escaped(text);
      } else {
        text.append(c);
        at++;
      }
    }
    words.add(new Word(text.toString(), start, open));
  }

  /** A backslash and what follows; the end of a line goes with it. */
  private boolean escaped(StringBuilder text) {
    at++;
    if (at == line.length()) {
      return true;
    }
    char c = line.charAt(at++);
    if (c != '\n') {
      text.append(c);
    }
    return false;
  }

  private static boolean beginsJson(StringBuilder before, char c) {
    int equals = before.indexOf("=");
    boolean value = equals >= 0 && equals == before.length() - 1;
    boolean literal = value && equals > 0 && before.charAt(equals - 1) == ':';
    return switch (c) {
      case '{' -> before.isEmpty() || value;
      case '[' -> value;
      case '"' -> literal;
      default -> false;
    };
  }

  private boolean quoted(StringBuilder text, char quote) {
    for (at++; at < line.length(); at++) {
      char c = line.charAt(at);
      if (c == quote) {
        at++;
        return false;
      }
      if (c == '\\' && quote == '"' && at + 1 < line.length()) {
        at++;
      }
      text.append(line.charAt(at));
    }
    return true;
  }

  private boolean json(StringBuilder text) {
    int depth = 0;
    boolean within = false;
    for (; at < line.length(); at++) {
      char c = line.charAt(at);
      text.append(c);
      if (within && c == '\\' && at + 1 < line.length()) {
        text.append(line.charAt(++at));
      } else if (c == '"') {
        within = !within;
      } else if (!within && (c == '{' || c == '[')) {
        depth++;
      } else if (!within && (c == '}' || c == ']')) {
        depth--;
      }
      if (depth == 0 && !within) {
        at++;
        return false;
      }
    }
    return true;
  }
}
