package dev.stillpoint.qmp.testing;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/** Why a future failed. */
public final class Failures {
  /** How long a failure may take to come. */
  public static final Duration PATIENCE = Duration.ofSeconds(15);

  private Failures() {}

  /**
   * Waits for the end of a future, at most {@link #PATIENCE}, and gives the failure, which must be
   * of this type.
   */
  public static <E extends Throwable> E failure(Class<E> type, CompletableFuture<?> future) {
    try {
      Object value = future.copy().orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).join();
      throw new AssertionError("no failure, but " + value);
    } catch (CompletionException e) {
      Throwable cause = Objects.requireNonNull(e.getCause());
      if (!type.isInstance(cause)) {
        throw new AssertionError("no " + type.getSimpleName() + ", but " + cause, cause);
      }
      return type.cast(cause);
    }
  }

  /** The message of a failure, empty when it has none. */
  public static String message(Throwable failure) {
    return Objects.requireNonNullElse(failure.getMessage(), "");
  }
}
