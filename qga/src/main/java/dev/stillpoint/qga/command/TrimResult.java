package dev.stillpoint.qga.command;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** What became of a trim, for each path. */
public record TrimResult(List<TrimmedPath> paths) {

  /**
   * One path.
   *
   * @param trimmed bytes
   * @param minimum the shortest range that was discarded, in bytes
   * @param error why it failed; null when it did not
   */
  public record TrimmedPath(
      String path, @Nullable Long trimmed, @Nullable Long minimum, @Nullable String error) {}
}
