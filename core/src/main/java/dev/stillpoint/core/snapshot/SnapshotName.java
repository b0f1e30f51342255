package dev.stillpoint.core.snapshot;

import java.util.regex.Pattern;

/**
 * The name of a snapshot: 1 to 128 of ASCII letters, digits, {@code .}, {@code _} and {@code -},
 * not starting with {@code .} or {@code -}. It becomes part of file names, so nothing in it can
 * climb out of a directory or be taken for an option.
 */
public record SnapshotName(String text) {
  /** The longest name, in characters. */
  public static final int MAX_LENGTH = 128;

  private static final Pattern ALLOWED = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]*");

  /**
   * A checked name.
   *
   * @throws IllegalArgumentException when the text is not allowed as a name; the message says why
   */
  public SnapshotName {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("a snapshot's name cannot be empty");
    }
    if (text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "a snapshot's name has at most " + MAX_LENGTH + " characters, not " + text.length());
    }
    if (!ALLOWED.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "a snapshot's name is made of letters, digits, '.', '_' and '-', and starts with neither"
              + " '.' nor '-'");
    }
  }

  @Override
  public String toString() {
    return text;
  }
}
