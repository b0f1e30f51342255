package dev.stillpoint.backends.guard;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lets one thing be written, or never: what was asked for waits for its guard, and whoever goes on
 * without it must be sure that it does not come afterwards.
 */
final class Gate {
  private static final int UNDECIDED = 0;
  private static final int OPEN = 1;
  private static final int CLOSED = 2;

  private final AtomicInteger state = new AtomicInteger(UNDECIDED);

  /** Whether it may be written now. */
  boolean open() {
    return state.compareAndSet(UNDECIDED, OPEN);
  }

  /** Whether it was not written, and will not be. */
  boolean close() {
    return state.compareAndSet(UNDECIDED, CLOSED) || state.get() == CLOSED;
  }
}
