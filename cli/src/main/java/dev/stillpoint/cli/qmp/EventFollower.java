package dev.stillpoint.cli.qmp;

import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpEvent;
import dev.stillpoint.qmp.QmpSubscription;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/** Tells events as they come, until something ends it. */
public final class EventFollower {
  /** What ended it. */
  public enum Ending {
    /** Somebody asked for it. */
    ASKED,
    /** So many as were wanted have come. */
    COUNTED,
    /** The time is over. */
    TIME_OVER,
    /** The connection has ended. */
    GONE,
    /** Nobody reads what is told. */
    UNREAD
  }

  private final Predicate<QmpEvent> telling;
  private final OptionalLong wanted;
  private final CompletableFuture<Ending> ending = new CompletableFuture<>();
  private final AtomicLong told = new AtomicLong();
  private volatile long dropped;

  /**
   * A follower.
   *
   * @param telling tells an event, and returns false when nobody reads it
   * @param wanted after how many it ends
   */
  public EventFollower(Predicate<QmpEvent> telling, OptionalLong wanted) {
    this.telling = telling;
    this.wanted = wanted;
  }

  /** Follows; with no names, every event. Returns when it is over. */
  public Ending follow(QmpClient client, Set<String> names, Optional<Duration> limit) {
    limit.ifPresent(
        time -> ending.completeOnTimeout(Ending.TIME_OVER, time.toMillis(), TimeUnit.MILLISECONDS));
    try (QmpSubscription events =
        names.isEmpty() ? client.events(this::tell) : client.events(names, this::tell)) {
      var unused = events.ended().thenRun(() -> ending.complete(Ending.GONE));
      Ending why = ending.join();
      dropped = events.dropped();
      return why;
    }
  }

  /** Ends it; from any thread. */
  public void stop() {
    ending.complete(Ending.ASKED);
  }

  /** How many events were told. */
  public long told() {
    return told.get();
  }

  /** How many were lost, because nobody took them in time. */
  public long dropped() {
    return dropped;
  }

  private void tell(QmpEvent event) {
    if (ending.isDone()) {
      return;
    }
    if (!telling.test(event)) {
      ending.complete(Ending.UNREAD);
      return;
    }
    long soFar = told.incrementAndGet();
    if (wanted.isPresent() && soFar >= wanted.getAsLong()) {
      ending.complete(Ending.COUNTED);
    }
  }
}
