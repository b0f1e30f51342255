package dev.stillpoint.testkit;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A point in time that a wait ends at.
 *
 * @param nanoTime of {@link System#nanoTime}
 * @param limit the whole wait, for messages
 */
public record Deadline(long nanoTime, Duration limit) {
  /** Short against a boot, and long against the cost of a look. */
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(5);

  /** That long from now. */
  public static Deadline in(Duration limit) {
    return new Deadline(System.nanoTime() + limit.toNanos(), limit);
  }

  /** Never negative. */
  public Duration left() {
    return Duration.ofNanos(Math.max(0, nanoTime - System.nanoTime()));
  }

  /** Looks until it is true; false if the deadline came first. */
  public boolean await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      if (left().isZero()) {
        return false;
      }
      LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
    }
    return true;
  }
}
