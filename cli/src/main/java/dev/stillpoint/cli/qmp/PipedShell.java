package dev.stillpoint.cli.qmp;

import dev.stillpoint.qmp.QmpClient;
import java.io.BufferedReader;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Commands from a file or a pipe, a line each, without a prompt. One that fails ends no other. */
public final class PipedShell {
  /** The longest line that is read, in characters. */
  static final int MAX_LINE = 16 * 1024 * 1024;

  private final QmpClient client;
  private final LineRunner runner;

  /** A shell whose lines are run by this. */
  public PipedShell(QmpClient client, LineRunner runner) {
    this.client = client;
    this.runner = runner;
  }

  /**
   * Reads and runs lines to their end.
   *
   * @return whether every line was done
   */
  public boolean run(BufferedReader lines, LineRunner.Voice voice) throws IOException {
    boolean allDone = true;
    for (String line = next(lines); line != null; line = next(lines)) {
      LineRunner.Outcome outcome = runner.line(line);
      if (outcome == LineRunner.Outcome.QUIT) {
        break;
      }
      allDone &= outcome == LineRunner.Outcome.DONE;
      if (!client.isOpen()) {
        if (!runner.endOrdered()) {
          voice.complain("the connection has ended: " + client.ending().orElse(""));
          return false;
        }
        break;
      }
    }
    return allDone;
  }

  private static @Nullable String next(BufferedReader lines) throws IOException {
    var line = new StringBuilder();
    int c = lines.read();
    if (c < 0) {
      return null;
    }
    for (; c >= 0 && c != '\n'; c = lines.read()) {
      if (line.length() == MAX_LINE) {
        throw new IOException("a line is longer than " + MAX_LINE + " characters");
      }
      line.append((char) c);
    }
    return line.toString();
  }
}
