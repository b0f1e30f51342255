package dev.stillpoint.cli;

import java.io.PrintWriter;
import picocli.CommandLine;

/**
 * Text for a terminal. Mount points, images and messages of agents are chosen by guests: none of
 * them may forge a line of ours, or speak to the terminal.
 */
final class Plain {
  private static final char REPLACEMENT = '\uFFFD';

  private Plain() {}

  /** Says something to the person at the terminal, on standard error and in one line. */
  static void warn(CommandLine command, String message) {
    PrintWriter err = command.getErr();
    err.println(line("stillpoint: " + message));
    err.flush();
  }

  /** The text on one line, without control characters. */
  static String line(String text) {
    var plain = new StringBuilder(text.length());
    text.chars().forEach(c -> plain.append(Character.isISOControl(c) ? REPLACEMENT : (char) c));
    return plain.toString();
  }
}
