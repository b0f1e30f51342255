package dev.stillpoint.qga;

import java.time.Duration;

/** A moment by {@link System#nanoTime()} that several commands together must keep. */
record Until(long nanos) {
  static Until after(Duration duration) {
    return new Until(System.nanoTime() + duration.toNanos());
  }

  /** What is left; nothing when it is over. */
  Duration left() {
    return Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
  }

  boolean isOver() {
    return left().isZero();
  }
}
