package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.SnapshotRequest;
import java.time.Duration;

/** How long the clocks of one operation run. */
record Limits(Duration timeout, Duration window, Duration bound) {
  /** How long one attempt to thaw, pause or resume may take before it is tried anew. */
  static final Duration ATTEMPT = Duration.ofSeconds(5);

  /** The pause between two attempts. */
  static final Duration RETRY = Duration.ofMillis(200);

  static Limits of(SnapshotRequest request) {
    return new Limits(request.timeout(), request.freezeWindow(), request.thawBound());
  }

  Duration of(Timer timer) {
    return switch (timer) {
      case OVERALL -> timeout;
      case WINDOW -> window;
      case THAW_RETRY, RESUME_RETRY -> RETRY;
      case BOUND -> bound;
    };
  }
}
