package dev.stillpoint.backends.guard;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Where the guards of operations come from. A guard serves one operation at a time: many at once
 * have many guards. Safe for use by several threads, and by several engines.
 *
 * {@snippet :
 * try (var guards = Guards.kept()) {
 *   var engine = SnapshotEngine.builder().monitor(qmp).agent(qga).guards(guards).build();
 * }
 * }
 */
public final class Guards implements AutoCloseable {
  /** How many that have nothing to do are kept at most; each takes some 50 MB. */
  public static final int MAX_IDLE = 4;

  private final GuardLaunch launch;
  private final int keep;
  private final Deque<Guard> idle = new ArrayDeque<>();
  private boolean closed;

  private Guards(GuardLaunch launch, int keep) {
    this.launch = launch;
    this.keep = keep;
  }

  /** A fresh process for each operation, gone with it. */
  public static Guards fresh() {
    return new Guards(GuardLaunch.standard(), 0);
  }

  /**
   * A guard that was let go of waits for the next operation, until {@link #close}: that saves its
   * start, of a few tenths of a second, while an operation prepares.
   */
  public static Guards kept() {
    return new Guards(GuardLaunch.standard(), MAX_IDLE);
  }

  /** The same, started in another way. */
  public Guards launchedBy(GuardLaunch how) {
    return new Guards(how, keep);
  }

  /** One that is ready; waits for it. */
  Guard take() throws IOException {
    while (true) {
      Guard waiting;
      synchronized (this) {
        waiting = idle.poll();
      }
      if (waiting == null) {
        return Guard.start(launch);
      }
      if (waiting.isThere()) {
        return waiting;
      }
      waiting.close();
    }
  }

  /** Takes back one that was disarmed. */
  void giveBack(Guard guard) {
    synchronized (this) {
      if (!closed && idle.size() < keep && guard.isThere()) {
        idle.push(guard);
        return;
      }
    }
    guard.close();
  }

  /** Ends the guards that have nothing to do; those that have go when they are done. */
  @Override
  public void close() {
    Deque<Guard> rest;
    synchronized (this) {
      closed = true;
      rest = new ArrayDeque<>(idle);
      idle.clear();
    }
    rest.forEach(Guard::close);
  }
}
