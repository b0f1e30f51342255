package dev.stillpoint.cli;

import dev.stillpoint.core.snapshot.SnapshotResult;

/** The exit codes that scripts depend on; where several apply, 3 goes before 4, and 4 before 1. */
final class ExitCode {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int MAY_BE_FROZEN = 3;
  static final int UNKNOWN = 4;

  private ExitCode() {}

  static int of(SnapshotResult result) {
    if (!result.guestIsSafe()) {
      return MAY_BE_FROZEN;
    }
    return switch (result.outcome()) {
      case SUCCEEDED -> DONE;
      case UNKNOWN -> UNKNOWN;
      case FAILED, CANCELLED -> FAILED;
    };
  }
}
