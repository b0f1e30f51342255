package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.spi.FreezePace;
import java.time.Duration;

/**
 * How long the clocks of one operation run.
 *
 * @param freeze from freeze written to its reply
 * @param window from freeze written, or from its reply where the guest has a pace of its own
 */
record Limits(Duration timeout, Duration freeze, Duration window, Duration bound) {
  /** How long one attempt to thaw, pause or resume may take before it is tried anew. */
  static final Duration ATTEMPT = Duration.ofSeconds(5);

  /** The longest of them: each waits twice as long as the one before, as a hook may be slow. */
  static final Duration LONGEST_ATTEMPT = Duration.ofMinutes(5);

  /** The pause between two attempts. */
  static final Duration RETRY = Duration.ofMillis(200);

  /** How long an attempt may take that has so many before it. */
  static Duration attempt(int before) {
    Duration patience = ATTEMPT;
    for (int i = 0; i < before && patience.compareTo(LONGEST_ATTEMPT) < 0; i++) {
      patience = patience.multipliedBy(2);
    }
    return patience.compareTo(LONGEST_ATTEMPT) < 0 ? patience : LONGEST_ATTEMPT;
  }

  static Limits of(SnapshotRequest request) {
    Duration window = request.freezeWindow();
    return new Limits(request.timeout(), window, window, request.thawBound());
  }

  /** These limits for a guest with a pace of its own, which can only shorten the window. */
  Limits at(FreezePace pace) {
    Duration held = pace.hold().compareTo(window) < 0 ? pace.hold() : window;
    return new Limits(timeout, pace.freeze(), held, bound);
  }

  Duration of(Timer timer) {
    return switch (timer) {
      case OVERALL -> timeout;
      case FREEZE -> freeze;
      case WINDOW -> window;
      case THAW_RETRY, RESUME_RETRY -> RETRY;
      case BOUND -> bound;
    };
  }
}
