package dev.stillpoint.testkit.guest;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A point in time that a wait ends at.
 *
 * @param limit the whole wait, for messages
 */
record Deadline(long nanoTime, Duration limit) {
  /** Short against a boot, and long against the cost of a look. */
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(5);

  static Deadline in(Duration limit) {
    return new Deadline(System.nanoTime() + limit.toNanos(), limit);
  }

  /** Never negative. */
  Duration left() {
    return Duration.ofNanos(Math.max(0, nanoTime - System.nanoTime()));
  }

  /** Looks until it is true; false if the deadline came first. */
  boolean await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      if (left().isZero()) {
        return false;
      }
      LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
    }
    return true;
  }
}
