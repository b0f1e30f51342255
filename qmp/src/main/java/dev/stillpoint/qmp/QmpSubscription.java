package dev.stillpoint.qmp;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Events on their way to one listener, in order and one at a time. A listener that is slower than
 * the events loses the newest of them, and can count how many.
 */
public final class QmpSubscription implements AutoCloseable {
  /** How many events wait for a slow listener. */
  public static final int MAX_WAITING = 1024;

  private static final Logger log = LoggerFactory.getLogger(QmpSubscription.class);

  private final Consumer<QmpEvent> listener;
  private final Executor callbacks;
  private final Consumer<QmpSubscription> onClose;
  private final ArrayDeque<QmpEvent> waiting = new ArrayDeque<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private boolean telling;
  private boolean closed;
  private long dropped;

  QmpSubscription(
      Consumer<QmpEvent> listener, Executor callbacks, Consumer<QmpSubscription> onClose) {
    this.listener = listener;
    this.callbacks = callbacks;
    this.onClose = onClose;
  }

  /** How many events were lost because the listener was too slow. */
  public synchronized long dropped() {
    return dropped;
  }

  /** Completes when no event will come any more: closed here, or the connection has ended. */
  public CompletionStage<Void> ended() {
    return ended.minimalCompletionStage();
  }

  /** Ends the subscription. Events that wait are not told. */
  @Override
  public void close() {
    end();
    onClose.accept(this);
  }

  void end() {
    synchronized (this) {
      closed = true;
    }
    ended.completeAsync(() -> null, callbacks);
  }

  void offer(QmpEvent event) {
    synchronized (this) {
      if (closed || waiting.size() >= MAX_WAITING) {
        dropped++;
        return;
      }
      waiting.add(event);
      if (telling) {
        return;
      }
      telling = true;
    }
    callbacks.execute(this::tell);
  }

  private void tell() {
    while (true) {
      QmpEvent event;
      synchronized (this) {
        event = waiting.poll();
        if (event == null) {
          telling = false;
          return;
        }
      }
      try {
        listener.accept(event);
      } catch (RuntimeException e) {
        log.warn("a listener failed at {}", event.name(), e);
      }
    }
  }
}
