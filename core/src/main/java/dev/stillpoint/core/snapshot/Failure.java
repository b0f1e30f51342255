package dev.stillpoint.core.snapshot;

import java.util.Optional;

/**
 * Why something did not work, in words for a person and a code for a program.
 *
 * @param disk the disk it is about, as the caller named it, or empty
 */
public record Failure(ErrorCode code, String message, Optional<String> disk) {

  /** A failure that is not about one disk. */
  public static Failure of(ErrorCode code, String message) {
    return new Failure(code, message, Optional.empty());
  }

  /** A failure about one disk. */
  public static Failure ofDisk(ErrorCode code, String message, String disk) {
    return new Failure(code, message, Optional.of(disk));
  }
}
