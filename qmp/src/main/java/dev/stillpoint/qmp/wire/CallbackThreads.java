package dev.stillpoint.qmp.wire;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Where callers' code runs by default: daemon threads that the whole process shares. */
public final class CallbackThreads {
  private static final ExecutorService SHARED =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().name("stillpoint-callback-", 0).daemon().factory());

  private CallbackThreads() {}

  /** The shared threads; there are as many as callers block at once. */
  public static Executor shared() {
    return SHARED;
  }
}
