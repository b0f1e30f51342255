package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.Settlement;

/** What an operation hears of. Most are the answers to effects; any may come at any time, late. */
public sealed interface Event {

  /** It can be done, in this way. */
  record Checked(Plan plan) implements Event {}

  /** It cannot be done; nothing was changed. */
  record CheckFailed(Failure failure) implements Event {}

  /** The journal holds the entry. */
  record Recorded(Journal.Phase phase) implements Event {}

  /** The journal could not be written. */
  record RecordFailed(Journal.Phase phase, Failure failure) implements Event {}

  /** The files are made, empty, and it is known which they are. */
  record Reserved() implements Event {}

  /** Reserving failed; what was made is still there. */
  record ReserveFailed(Failure failure) implements Event {}

  /** Everything is ready for the cut. */
  record Prepared() implements Event {}

  /** Preparing failed; what was made is still there. */
  record PrepareFailed(Failure failure) implements Event {}

  /** The guest says that it is frozen. */
  record Frozen() implements Event {}

  /** The freeze was not confirmed; nothing is owed only if it certainly was not written. */
  record FreezeFailed(Failure failure, boolean mayBeWritten) implements Event {}

  /** The machine stands still. */
  record Paused() implements Event {}

  /** The pause was not confirmed. */
  record PauseFailed(Failure failure) implements Event {}

  /** The cut was confirmed. */
  record CutDone() implements Event {}

  /** The cut was refused, or not confirmed. */
  record CutFailed(Failure failure) implements Event {}

  /** The machine runs. */
  record Resumed() implements Event {}

  /** The resume was not confirmed. */
  record ResumeFailed(Failure failure) implements Event {}

  /** The thaw is proved; and whether the freeze is shown to have held until then. */
  record Thawed(boolean freezeHeld) implements Event {}

  /** The thaw could not be proved this time. */
  record ThawFailed(Failure failure) implements Event {}

  /** What really became of the cut. */
  record Settled(Settlement.State state) implements Event {}

  /** The cut is taken back. */
  record Undone() implements Event {}

  /** The cut could not be taken back. */
  record UndoFailed(Failure failure) implements Event {}

  /** Nothing unused is left. */
  record Cleaned() implements Event {}

  /** Something unused is left. */
  record CleanFailed(Failure failure) implements Event {}

  /** A clock ran out. */
  record TimerFired(Timer timer) implements Event {}

  /** The caller asks to stop. */
  record CancelRequested() implements Event {}
}
