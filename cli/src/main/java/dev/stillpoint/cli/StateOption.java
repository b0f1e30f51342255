package dev.stillpoint.cli;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.journal.StateDirectory;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the journal lies. */
final class StateOption {
  @Option(
      names = "--state-dir",
      paramLabel = "DIR",
      description =
          "where operations are written down while they run (/var/lib/stillpoint for root, else"
              + " stillpoint under $XDG_STATE_HOME or ~/.local/state)")
  private @Nullable Path directory;

  JournalDirectory journal() {
    Path named = directory;
    return JournalDirectory.in(named == null ? StateDirectory.standard() : named);
  }
}
