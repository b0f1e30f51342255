package dev.stillpoint.qmp;

import dev.stillpoint.qmp.wire.CallbackThreads;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;
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

  private final Predicate<QmpEvent> filter;
  private final Consumer<QmpEvent> listener;
  private final Executor callbacks;
  private final Consumer<QmpSubscription> onClose;
  private final ArrayDeque<QmpEvent> waiting = new ArrayDeque<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();

  /** Linked here, and not at the first event, which may come while a guest is frozen. */
  private final Runnable tell = this::tell;

  private boolean telling;
  private boolean closed;
  private long dropped;

  /** Listens to what the filter lets through, which runs on the event loop. */
  QmpSubscription(
      Predicate<QmpEvent> filter,
      Consumer<QmpEvent> listener,
      Executor callbacks,
      Consumer<QmpSubscription> onClose) {
    this.filter = filter;
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
    synchronized (this) {
      waiting.clear();
    }
    end();
    onClose.accept(this);
  }

  /** No event comes any more; those that wait are still told, and then the end. */
  void end() {
    synchronized (this) {
      closed = true;
      if (telling) {
        return;
      }
      telling = true;
    }
    CallbackThreads.run(callbacks, tell);
  }

  void offer(QmpEvent event) {
    synchronized (this) {
      if (closed || !filter.test(event)) {
        return;
      }
      if (waiting.size() >= MAX_WAITING) {
        dropped++;
        return;
      }
      waiting.add(event);
      if (telling) {
        return;
      }
      telling = true;
    }
    CallbackThreads.run(callbacks, tell);
  }

  private void tell() {
    while (true) {
      QmpEvent event;
      boolean last;
      synchronized (this) {
        event = waiting.poll();
        last = closed;
        if (event == null) {
          telling = false;
        }
      }
      if (event == null) {
        if (last) {
          ended.complete(null);
        }
        return;
      }
      try {
        listener.accept(event);
      } catch (RuntimeException | Error e) {
        log.warn("a listener failed at {}", event.name(), e);
      }
    }
  }
}
