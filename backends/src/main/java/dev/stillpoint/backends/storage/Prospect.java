package dev.stillpoint.backends.storage;

import java.time.Duration;
import java.util.List;

/**
 * What can be said of a cut before it.
 *
 * @param oneInstant whether all snapshots of the group will be one instant
 * @param expectedTime how long the cut of the whole group is likely to take
 * @param warnings what the caller should know
 */
public record Prospect(boolean oneInstant, Duration expectedTime, List<String> warnings) {
  /** Copies the list. */
  public Prospect {
    warnings = List.copyOf(warnings);
  }
}
