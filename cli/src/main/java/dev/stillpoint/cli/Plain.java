package dev.stillpoint.cli;

/**
 * Text for a terminal. Mount points, images and messages of agents are chosen by guests: none of
 * them may forge a line of ours, or speak to the terminal.
 */
final class Plain {
  private static final char REPLACEMENT = '\uFFFD';

  private Plain() {}

  /** The text on one line, without control characters. */
  static String line(String text) {
    var plain = new StringBuilder(text.length());
    text.chars().forEach(c -> plain.append(Character.isISOControl(c) ? REPLACEMENT : (char) c));
    return plain.toString();
  }
}
