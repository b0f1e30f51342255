package dev.stillpoint.cli;

import dev.stillpoint.qmp.wirelog.WireLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Where to write what goes over the wire. */
final class WireLogOption {
  @Option(
      names = "--wire-log",
      paramLabel = "FILE",
      description = "append each line that goes over the wire, with its time; secrets are left out")
  private @Nullable Path file;

  /** Opens it, where one is named; whoever opens it closes it. */
  Optional<WireLog> open(CommandLine command) {
    Path named = file;
    if (named == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          WireLog.open(
              named,
              failure ->
                  Plain.warn(
                      command,
                      "nothing more is written to " + named + ": " + failure.getMessage())));
    } catch (IOException e) {
      throw new ParameterException(
          command, "--wire-log cannot be opened: " + named + ": " + e.getMessage());
    }
  }

  /** Closes it, and tells what was lost. */
  static void close(WireLog log, CommandLine command) {
    log.close();
    if (log.dropped() > 0) {
      Plain.warn(command, log.dropped() + " lines are missing in the log of the wire");
    }
  }
}
