package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;

/** Where an operation is heading, as far as is known. */
sealed interface Verdict {

  /** Nothing has gone wrong. */
  record Good() implements Verdict {}

  /** A cut was asked for and not confirmed in time; if it was made all the same, it came late. */
  record Late(Failure failure) implements Verdict {}

  /** It has failed, and every trace of it is to go. */
  record Failed(Failure failure) implements Verdict {}

  /** The caller no longer wants it, and every trace of it is to go. */
  record Cancelled() implements Verdict {}

  /** What became of the cut is not known, or it could not be taken back. */
  record Unknown(Failure failure) implements Verdict {}

  /** This verdict after a failure: the first trouble is the one that counts. */
  default Verdict butFailed(Failure failure) {
    return this instanceof Good ? new Failed(failure) : this;
  }

  /** This verdict after a cut that was not confirmed. */
  default Verdict butLate(Failure failure) {
    return this instanceof Good ? new Late(failure) : this;
  }

  /** This verdict after the caller asked to stop: only a failure outweighs that. */
  default Verdict butCancelled() {
    return this instanceof Good || this instanceof Late ? new Cancelled() : this;
  }

  /** This verdict when it turns out that no disk is cut. */
  default Verdict butNothingCut() {
    return switch (this) {
      case Good good ->
          new Failed(
              Failure.of(
                  ErrorCode.CUT_FAILED,
                  "the cut was confirmed, but the machine does not write to the new images"));
      case Late late -> new Failed(late.failure());
      case Failed failed -> failed;
      case Cancelled cancelled -> cancelled;
      case Unknown unknown -> unknown;
    };
  }
}
