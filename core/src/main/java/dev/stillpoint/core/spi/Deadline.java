package dev.stillpoint.core.spi;

import java.time.Duration;

/**
 * A point in time by {@link System#nanoTime()} until which an answer is of use.
 *
 * @param nanoTime the point itself
 */
public record Deadline(long nanoTime) {

  /** The point that lies this far ahead of now. */
  public static Deadline after(Duration duration) {
    return new Deadline(System.nanoTime() + duration.toNanos());
  }

  /** What is left; zero when it has passed, never negative. */
  public Duration remaining() {
    return Duration.ofNanos(Math.max(0, nanoTime - System.nanoTime()));
  }

  /** The earlier of this deadline and the one that lies the given time ahead. */
  public Deadline orAfter(Duration duration) {
    Deadline other = after(duration);
    return other.nanoTime - nanoTime < 0 ? other : this;
  }
}
