package dev.stillpoint.core.spi;

import dev.stillpoint.core.snapshot.Failure;
import java.util.List;
import java.util.Optional;

/** Whether a guest can be quiesced. */
public sealed interface QuiesceCheck {

  /**
   * It can.
   *
   * @param freezer does it, for one operation
   * @param notCovered file systems that the freeze will leave out, and why
   * @param warnings what the caller should know
   * @param everyWriter whether it is shown that every file system of the guest will be frozen, so
   *     that nothing writes to the disks through one
   * @param pace how long it takes and holds, where the caller's window does not fit the guest
   */
  record Ready(
      Freezer freezer,
      List<String> notCovered,
      List<String> warnings,
      boolean everyWriter,
      Optional<FreezePace> pace)
      implements QuiesceCheck {
    /** Copies the lists. */
    public Ready {
      notCovered = List.copyOf(notCovered);
      warnings = List.copyOf(warnings);
    }

    /** The same, done by another. */
    public Ready by(Freezer other) {
      return new Ready(other, notCovered, warnings, everyWriter, pace);
    }

    /** The same with these warnings instead of its own. */
    public Ready withWarnings(List<String> told) {
      return new Ready(freezer, notCovered, told, everyWriter, pace);
    }
  }

  /** It cannot; with {@code prefer} the cut goes on without. */
  record Unavailable(Failure reason) implements QuiesceCheck {}

  /** It must not be touched, whatever the policy, such as a guest that somebody else has frozen. */
  record Refused(Failure reason) implements QuiesceCheck {}
}
