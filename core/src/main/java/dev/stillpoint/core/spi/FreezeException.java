package dev.stillpoint.core.spi;

import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import java.util.OptionalLong;

/** A freeze that was not confirmed. */
public final class FreezeException extends SnapshotException {
  private static final long serialVersionUID = 1L;

  private final transient OptionalLong writtenNanos;

  private FreezeException(Failure failure, OptionalLong writtenNanos) {
    super(failure);
    this.writtenNanos = writtenNanos;
  }

  /** Not one byte of the freeze left this process: nothing is owed. */
  public static FreezeException notWritten(Failure failure) {
    return new FreezeException(failure, OptionalLong.empty());
  }

  /** Some of the freeze may have been written at that {@link System#nanoTime()}: a thaw is owed. */
  public static FreezeException mayBeWritten(Failure failure, long writtenNanos) {
    return new FreezeException(failure, OptionalLong.of(writtenNanos));
  }

  /** When the freeze may have been written; empty when it certainly was not. */
  public OptionalLong writtenNanos() {
    return writtenNanos;
  }
}
