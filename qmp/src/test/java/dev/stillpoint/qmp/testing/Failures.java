package dev.stillpoint.qmp.testing;

import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Why a future failed. */
public final class Failures {
  private Failures() {}

  /** Waits for the end of a future, which must be a failure of this type, and gives it. */
  public static <E extends Throwable> E failure(Class<E> type, CompletableFuture<?> future) {
    try {
      Object value = future.join();
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
