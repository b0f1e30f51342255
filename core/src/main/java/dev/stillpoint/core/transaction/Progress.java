package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.SnapshotListener;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells a listener which states were entered, never while one of them holds the guest. */
final class Progress {
  private static final Logger log = LoggerFactory.getLogger(Progress.class);

  private final SnapshotListener listener;
  private final ExecutorService teller;
  private final ArrayDeque<State> untold = new ArrayDeque<>();
  private Class<?> last = Void.class;

  Progress(SnapshotListener listener, ExecutorService teller) {
    this.listener = listener;
    this.teller = teller;
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
    teller.execute(() -> future.complete(value));
  }

  /** Nothing more will be told. */
  void end() {
    teller.shutdown();
  }

  private void tell() {
    for (State state = untold.poll(); state != null; state = untold.poll()) {
      String label = state.label();
      teller.execute(() -> listen(label));
    }
  }

  private void listen(String label) {
    try {
      listener.entered(label);
    } catch (RuntimeException e) {
      log.warn("a snapshot listener failed at {}", label, e);
    }
  }
}
