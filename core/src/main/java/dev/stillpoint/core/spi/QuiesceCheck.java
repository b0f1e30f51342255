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
   * @param pace how long it takes and holds, where the caller's window does not fit the guest
   */
  record Ready(
      Freezer freezer, List<String> notCovered, List<String> warnings, Optional<FreezePace> pace)
      implements QuiesceCheck {
    /** Copies the lists. */
    public Ready {
      notCovered = List.copyOf(notCovered);
      warnings = List.copyOf(warnings);
    }
  }

  /** It cannot; with {@code prefer} the cut goes on without. */
  record Unavailable(Failure reason) implements QuiesceCheck {}

  /** It must not be touched, whatever the policy, such as a guest that somebody else has frozen. */
  record Refused(Failure reason) implements QuiesceCheck {}
}
