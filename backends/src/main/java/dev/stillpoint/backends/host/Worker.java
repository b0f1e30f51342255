package dev.stillpoint.backends.host;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/** Threads for steps that wait; as many as there are such steps at a time. */
public final class Worker {
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().name("stillpoint-worker-", 0).daemon().factory());

  private Worker() {}

  /** Runs steps that wait on a worker thread. */
  public static <T> CompletableFuture<T> later(Supplier<T> steps) {
    return CompletableFuture.supplyAsync(steps, THREADS);
  }
}
