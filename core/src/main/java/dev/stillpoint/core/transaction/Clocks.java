package dev.stillpoint.core.transaction;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The clocks of one operation. Confined to its thread, on which they also run out. */
final class Clocks {
  private final ScheduledExecutorService thread;
  private final Map<Timer, Future<?>> running = new EnumMap<>(Timer.class);

  Clocks(ScheduledExecutorService thread) {
    this.thread = thread;
  }

  /** Starts a clock, or starts it anew. */
  void start(Timer timer, Duration length, Runnable ends) {
    Future<?> fires = thread.schedule(ends, length.toNanos(), TimeUnit.NANOSECONDS);
    Future<?> before = running.put(timer, fires);
    if (before != null) {
      before.cancel(false);
    }
  }

  /** Stops them all. */
  void stop() {
    running.values().forEach(timer -> timer.cancel(false));
  }
}
