package dev.stillpoint.it.chaos;

import java.time.Duration;
import java.util.List;

/**
 * What came of a round.
 *
 * @param struck the mishaps that did happen
 * @param ending how our process ended, and the recovery if there was one
 * @param wrong what must not be; empty when all was well
 * @param story what passed and was said, for whoever has to find out
 */
record Played(
    Round round,
    List<Mishap> struck,
    String ending,
    List<String> wrong,
    List<String> story,
    Duration took) {
  /** Copies the lists. */
  Played {
    struck = List.copyOf(struck);
    wrong = List.copyOf(wrong);
    story = List.copyOf(story);
  }

  boolean isGood() {
    return wrong.isEmpty();
  }
}
