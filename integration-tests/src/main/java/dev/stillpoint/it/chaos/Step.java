package dev.stillpoint.it.chaos;

import dev.stillpoint.core.spi.Journal;
import java.time.Duration;
import java.util.Locale;

/** When the faults of a round strike. */
sealed interface Step {
  /** At a line on the wire, which is held until then. */
  record At(Place place) implements Step {
    @Override
    public String toString() {
      return place.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /** So long after the journal names this phase. Nothing stands between us and the machine. */
  record After(Journal.Phase phase, Duration delay) implements Step {
    @Override
    public String toString() {
      return delay.toMillis() + " ms after '" + phase.name().toLowerCase(Locale.ROOT) + "'";
    }
  }

  /** The faults are on their way by themselves, and nobody waits for a step. */
  record Unawaited() implements Step {
    @Override
    public String toString() {
      return "any time";
    }
  }
}
