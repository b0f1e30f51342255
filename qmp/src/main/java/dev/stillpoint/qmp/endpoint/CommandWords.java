package dev.stillpoint.qmp.endpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A command as one text: words with quotes and backslash as a POSIX shell reads them. Nothing is
 * expanded, and nothing but white space ends a word.
 */
final class CommandWords {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./^-]+");

  private final String text;
  private final List<String> words = new ArrayList<>();
  private final StringBuilder word = new StringBuilder();
  private boolean inWord;
  private int at;

  private CommandWords(String text) {
    this.text = text;
  }

  /**
   * The words of a text.
   *
   * @throws IllegalArgumentException for a quote that does not end, and a backslash at the end
   */
  static List<String> split(String text) {
    var words = new CommandWords(text);
    while (words.at < text.length()) {
      words.step();
    }
    words.endWord();
    return words.words;
  }

  private void step() {
    char next = text.charAt(at++);
    switch (next) {
      case ' ', '\t', '\n' -> endWord();
      case '\'' -> singleQuoted();
      case '"' -> doubleQuoted();
      case '\\' -> add(afterBackslash());
      default -> add(next);
    }
  }

  private void add(char next) {
    inWord = true;
    word.append(next);
  }

  private void endWord() {
    if (inWord) {
      words.add(word.toString());
      word.setLength(0);
      inWord = false;
    }
  }

  private void singleQuoted() {
    inWord = true;
    int end = text.indexOf('\'', at);
    if (end < 0) {
      throw unfinished("a quote");
    }
    word.append(text, at, end);
    at = end + 1;
  }

  /** Within double quotes a backslash is one, unless a quote or a backslash follows. */
  private void doubleQuoted() {
    inWord = true;
    while (at < text.length()) {
      char next = text.charAt(at++);
      if (next == '"') {
        return;
      }
      if (next == '\\' && at < text.length() && "\"\\".indexOf(text.charAt(at)) >= 0) {
        next = text.charAt(at++);
      }
      word.append(next);
    }
    throw unfinished("a quote");
  }

  private char afterBackslash() {
    if (at == text.length()) {
      throw unfinished("a backslash");
    }
    return text.charAt(at++);
  }

  private IllegalArgumentException unfinished(String what) {
    return new IllegalArgumentException("Nothing ends " + what + " in: " + text);
  }

  /** A text that {@link #split} reads back. */
  static String join(List<String> words) {
    return String.join(" ", words.stream().map(CommandWords::quoted).toList());
  }

  private static String quoted(String word) {
    return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
