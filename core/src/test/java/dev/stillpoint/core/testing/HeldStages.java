package dev.stillpoint.core.testing;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Holds whatever waits inside of a stage until its caller has come back: a caller that does the
 * work itself is seen at once, and one that waits for it never comes back.
 */
final class HeldStages implements Runnable {
  private volatile Thread caller = Thread.currentThread();
  private volatile CountDownLatch returned = new CountDownLatch(0);
  private volatile boolean met;
  private volatile boolean onCaller;

  @Override
  public void run() {
    met = true;
    if (Thread.currentThread().equals(caller)) {
      onCaller = true;
      return;
    }
    try {
      if (!returned.await(SnapshotMethodBench.PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException("the caller never came back");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Calls a stage on a thread of its own, and gives what it comes to once the caller is back. */
  <T> T through(Supplier<CompletionStage<T>> stage) throws Exception {
    returned = new CountDownLatch(1);
    var called = new FutureTask<>(stage::get);
    caller = new Thread(called, "caller");
    caller.start();
    try {
      CompletionStage<T> begun =
          called.get(SnapshotMethodBench.PATIENCE.toMillis() / 2, TimeUnit.MILLISECONDS);
      if (onCaller) {
        throw new AssertionError("the caller's own thread did what waits");
      }
      returned.countDown();
      return SnapshotMethodBench.await(begun);
    } finally {
      returned.countDown();
    }
  }

  boolean wasMet() {
    return met;
  }
}
