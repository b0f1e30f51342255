package dev.stillpoint.backends.storage;

import dev.stillpoint.backends.host.MissingProgramException;
import dev.stillpoint.backends.host.Room;
import dev.stillpoint.backends.host.Worker;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletableFuture;

/** Something that is asked of a storage, on a worker thread. */
@FunctionalInterface
public interface StorageStep<T> {
  /** Does it; blocks. */
  T ask() throws IOException;

  /** One without an answer. */
  @FunctionalInterface
  interface Action {
    /** Does it; blocks. */
    void run() throws IOException;
  }

  /**
   * Asks.
   *
   * @param code of the failure, where the storage gives none
   */
  static <T> CompletableFuture<T> asking(ErrorCode code, StorageStep<T> step) {
    return Worker.later(() -> {
      try {
        return step.ask();
      } catch (IOException e) {
        throw failed(code, e);
      }
    });
  }

  /**
   * The same without an answer.
   *
   * @param code of the failure, where the storage gives none
   */
  static CompletableFuture<Void> doing(ErrorCode code, Action action) {
    return Worker.later(() -> {
      try {
        action.run();
        return null;
      } catch (IOException e) {
        throw failed(code, e);
      }
    });
  }

  private static SnapshotException failed(ErrorCode code, IOException e) {
    String message = words(e);
    if (e instanceof MissingProgramException) {
      return new SnapshotException(Failure.of(ErrorCode.TOOL_MISSING, message), e);
    }
    ErrorCode known = Room.isNone(message) ? ErrorCode.NO_SPACE : code;
    return new SnapshotException(Failure.of(known, message), e);
  }

  /** Some exceptions of the JDK say no more than a path. */
  private static String words(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> missing.getFile() + " does not exist";
      case FileAlreadyExistsException there -> there.getFile() + " exists already";
      case AccessDeniedException denied -> denied.getFile() + ": permission denied";
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }
}
