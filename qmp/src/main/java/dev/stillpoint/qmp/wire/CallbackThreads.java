package dev.stillpoint.qmp.wire;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

/** Where callers' code runs by default: daemon threads that the whole process shares. */
public final class CallbackThreads {
  private static final ExecutorService SHARED =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().name("stillpoint-callback-", 0).daemon().factory());

  private CallbackThreads() {}

  /**
   * Runs a completion on the executor that a caller chose, and on the shared threads when that one
   * refuses: a caller who has shut his executor down must not leave other waiters without an end.
   */
  public static void run(Executor callbacks, Runnable completion) {
    try {
      callbacks.execute(completion);
    } catch (RejectedExecutionException e) {
      SHARED.execute(completion);
    }
  }

  /** The shared threads; there are as many as callers block at once. */
  public static Executor shared() {
    return SHARED;
  }
}
