package dev.stillpoint.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the standard streams are connected to. */
final class StandardStreams {
  private StandardStreams() {}

  /** Whether a person sits at both ends. */
  static boolean areATerminal() {
    return isTerminal(0) && isTerminal(1);
  }

  private static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.matches("/dev/(pts/\\d+|tty\\w*|console|hvc\\d+)");
    } catch (IOException | RuntimeException e) {
      return false;
    }
  }
}
