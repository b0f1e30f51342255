package dev.stillpoint.testkit.proxy;

import dev.stillpoint.testkit.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;

/**
 * A fault that is armed in a proxy, and what became of it. Methods may be called from any thread.
 */
public final class Trap {
  private final Moment moment;
  private final Fault fault;
  private final Runnable changed;
  private final List<String> sprung = new CopyOnWriteArrayList<>();
  private final Semaphore releases = new Semaphore(0);
  private int matched;
  private volatile boolean disarmed;

  Trap(Moment moment, Fault fault, Runnable changed) {
    this.moment = moment;
    this.fault = fault;
    this.changed = changed;
  }

  /**
   * Waits until the moment has come and the proxy has done what it does then: a line that passes
   * has been written to the other side's socket, a line that is held is held, a cut is done.
   *
   * @return the line with its end, each byte a character of Latin-1; empty for a connection
   * @throws IllegalStateException if it does not come within the limit
   */
  public String await(Duration limit) {
    return await(1, limit);
  }

  /** The same for the n-th time, counted from 1, of a moment that comes {@code everyTime()}. */
  public String await(int n, Duration limit) {
    if (!Deadline.in(limit).await(() -> sprung.size() >= n)) {
      throw new IllegalStateException(
          "%s did not come within %s, but %d times".formatted(describe(), limit, sprung.size()));
    }
    return sprung.get(n - 1);
  }

  /** How often it has happened so far. */
  public int times() {
    return sprung.size();
  }

  /**
   * Lets one line go that is held, or the rest of one that is split. Called before the line has
   * come, it lets the line pass when it comes.
   */
  public void release() {
    releases.release();
    changed.run();
  }

  /** From now on it does not happen any more. What is held stays held. */
  public void disarm() {
    disarmed = true;
  }

  Fault fault() {
    return fault;
  }

  /** Counts the message; whether it is the one. */
  boolean hits(Message message) {
    if (disarmed || !moment.matches(message)) {
      return false;
    }
    matched++;
    return moment.number() == Moment.EVERY || moment.number() == matched;
  }

  void spring(Message message) {
    sprung.add(message.text());
  }

  boolean takeRelease() {
    return releases.tryAcquire();
  }

  private String describe() {
    return "%s %s, number %d".formatted(moment.kind(), moment.name(), moment.number());
  }
}
