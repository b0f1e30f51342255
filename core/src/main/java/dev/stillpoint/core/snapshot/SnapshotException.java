package dev.stillpoint.core.snapshot;

import dev.stillpoint.core.disk.xml.DiskXmlException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** A {@link Failure} on its way up; extenders complete their stages with it. */
public class SnapshotException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient Failure failure;

  /** An exception that carries this failure. */
  public SnapshotException(Failure failure) {
    super(failure.message());
    this.failure = failure;
  }

  /** An exception that carries this failure and what brought it about. */
  public SnapshotException(Failure failure, Throwable cause) {
    super(failure.message(), cause);
    this.failure = failure;
  }

  /** What went wrong. */
  public Failure failure() {
    return failure;
  }

  /**
   * The failure inside a throwable, however deeply futures have wrapped it. XML that cannot be read
   * is a {@link ErrorCode#BAD_REQUEST}; anything else becomes a failure with the given code.
   */
  public static Failure failureOf(Throwable thrown, ErrorCode otherwise) {
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      if (t instanceof SnapshotException known) {
        return known.failure();
      }
      if (t instanceof DiskXmlException unreadable) {
        return Failure.of(ErrorCode.BAD_REQUEST, String.valueOf(unreadable.getMessage()));
      }
    }
    // What the futures have wrapped, and no deeper: the cause of that tells less than it does.
    Throwable root = thrown;
    while (root.getCause() != null
        && (root instanceof CompletionException || root instanceof ExecutionException)) {
      root = root.getCause();
    }
    String text = root.getMessage();
    return Failure.of(otherwise, text == null ? root.getClass().getSimpleName() : text);
  }
}
