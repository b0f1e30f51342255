package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.SnapshotListener;
import dev.stillpoint.core.snapshot.SnapshotResult;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a listener which states were entered, never while one of them holds the guest. Listeners
 * and loggers are somebody else's code, which may block or fail: all of it runs on a thread of its
 * own, and nothing of it comes back to the operation's.
 */
final class Progress {
  private final Logger log;
  private final SnapshotListener listener;
  private final ExecutorService teller;
  private final ArrayDeque<State> untold = new ArrayDeque<>();
  private Class<?> last = Void.class;

  Progress(SnapshotListener listener, ExecutorService teller) {
    this(listener, teller, LoggerFactory.getLogger(TransactionRunner.class));
  }

  /** The same with another log. */
  Progress(SnapshotListener listener, ExecutorService teller, Logger log) {
    this.listener = listener;
    this.teller = teller;
    this.log = log;
  }

  void entered(State state) {
    if (state.getClass() != last) {
      last = state.getClass();
      untold.add(state);
    }
    if (!state.holdsGuest()) {
      tell();
    }
  }

  /** Completes a future for the caller, whose code must not run on the thread that may hold. */
  <T> void report(CompletableFuture<T> future, T value) {
    aside(() -> future.complete(value));
  }

  /** Something failed that must not. */
  void stumbled(State where, Throwable defect) {
    aside(() -> log.error("the transaction stumbled in {}", where.label(), defect));
  }

  /** Nothing more will be told. */
  void ended(SnapshotResult told) {
    aside(() -> log.debug("{} ended: {}", told.name(), told.outcome()));
    teller.shutdown();
  }

  /** In its turn, after all that is to be said before it. Never blocks or fails. */
  private void aside(Runnable saying) {
    try {
      teller.execute(() -> quietly(saying));
    } catch (RuntimeException | Error e) {
      // There is nobody left to tell it to.
    }
  }

  private static void quietly(Runnable saying) {
    try {
      saying.run();
    } catch (RuntimeException | Error e) {
      // A log that fails has nowhere to say so.
    }
  }

  private void tell() {
    for (State state = untold.poll(); state != null; state = untold.poll()) {
      String label = state.label();
      aside(() -> listen(label));
    }
  }

  private void listen(String label) {
    try {
      listener.entered(label);
    } catch (RuntimeException | Error e) {
      log.warn("a snapshot listener failed at {}", label, e);
    }
  }
}
