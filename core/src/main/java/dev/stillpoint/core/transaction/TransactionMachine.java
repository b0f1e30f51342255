package dev.stillpoint.core.transaction;

import static dev.stillpoint.core.transaction.Step.to;
import static dev.stillpoint.core.transaction.Ways.NOT_SETTLED;
import static dev.stillpoint.core.transaction.Ways.NO_RESUME;
import static dev.stillpoint.core.transaction.Ways.NO_THAW;
import static dev.stillpoint.core.transaction.Ways.TIMEOUT;
import static dev.stillpoint.core.transaction.Ways.cancelled;
import static dev.stillpoint.core.transaction.Ways.clean;
import static dev.stillpoint.core.transaction.Ways.done;
import static dev.stillpoint.core.transaction.Ways.givenUp;
import static dev.stillpoint.core.transaction.Ways.hold;
import static dev.stillpoint.core.transaction.Ways.nothingDone;
import static dev.stillpoint.core.transaction.Ways.overdue;
import static dev.stillpoint.core.transaction.Ways.overdueClean;
import static dev.stillpoint.core.transaction.Ways.release;
import static dev.stillpoint.core.transaction.Ways.released;
import static dev.stillpoint.core.transaction.Ways.resume;
import static dev.stillpoint.core.transaction.Ways.settled;
import static dev.stillpoint.core.transaction.Ways.thaw;
import static dev.stillpoint.core.transaction.Ways.thawed;
import static dev.stillpoint.core.transaction.Ways.unfrozen;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.transaction.Event.CancelRequested;
import dev.stillpoint.core.transaction.Event.CheckFailed;
import dev.stillpoint.core.transaction.Event.Checked;
import dev.stillpoint.core.transaction.Event.CleanFailed;
import dev.stillpoint.core.transaction.Event.Cleaned;
import dev.stillpoint.core.transaction.Event.CutDone;
import dev.stillpoint.core.transaction.Event.CutFailed;
import dev.stillpoint.core.transaction.Event.FreezeFailed;
import dev.stillpoint.core.transaction.Event.Frozen;
import dev.stillpoint.core.transaction.Event.PauseFailed;
import dev.stillpoint.core.transaction.Event.Paused;
import dev.stillpoint.core.transaction.Event.PrepareFailed;
import dev.stillpoint.core.transaction.Event.Prepared;
import dev.stillpoint.core.transaction.Event.RecordFailed;
import dev.stillpoint.core.transaction.Event.Recorded;
import dev.stillpoint.core.transaction.Event.ReserveFailed;
import dev.stillpoint.core.transaction.Event.Reserved;
import dev.stillpoint.core.transaction.Event.ResumeFailed;
import dev.stillpoint.core.transaction.Event.Resumed;
import dev.stillpoint.core.transaction.Event.Settled;
import dev.stillpoint.core.transaction.Event.ThawFailed;
import dev.stillpoint.core.transaction.Event.Thawed;
import dev.stillpoint.core.transaction.Event.TimerFired;
import dev.stillpoint.core.transaction.Event.UndoFailed;
import dev.stillpoint.core.transaction.Event.Undone;
import dev.stillpoint.core.transaction.State.Announcing;
import dev.stillpoint.core.transaction.State.Checking;
import dev.stillpoint.core.transaction.State.Cleaning;
import dev.stillpoint.core.transaction.State.Cutting;
import dev.stillpoint.core.transaction.State.Done;
import dev.stillpoint.core.transaction.State.Freezing;
import dev.stillpoint.core.transaction.State.Intent;
import dev.stillpoint.core.transaction.State.Pausing;
import dev.stillpoint.core.transaction.State.Preparing;
import dev.stillpoint.core.transaction.State.Reserving;
import dev.stillpoint.core.transaction.State.Resuming;
import dev.stillpoint.core.transaction.State.Settling;
import dev.stillpoint.core.transaction.State.Thawing;
import dev.stillpoint.core.transaction.State.Undoing;

/**
 * All rules of a snapshot in one pure, total function. The outer switch is over states, the inner
 * one over events; an event that means nothing in a state leaves it as it is, because answers may
 * come late and clocks are never stopped one by one.
 *
 * <p>Two rules stand above all: from {@code Freezing} every way leads through {@code Thawing}, and
 * from {@code Pausing} every way leads through {@code Resuming}, until proof or the bound.
 */
public final class TransactionMachine {
  private static final Failure WINDOW =
      Failure.of(ErrorCode.WINDOW_EXCEEDED, "the freeze window ended before the cut was done");
  private static final Failure NO_FREEZE_IN_WINDOW =
      Failure.of(ErrorCode.FREEZE_FAILED, "the guest did not freeze within the freeze window");
  private static final Failure NOT_UNDONE =
      Failure.of(ErrorCode.UNDO_FAILED, "taking the cut back did not end within its bound");

  private TransactionMachine() {}

  /** The beginning of every operation. */
  public static Step start(Terms terms) {
    return to(new Checking(terms), new Effect.StartTimer(Timer.OVERALL), new Effect.Check());
  }

  /** What an event means in a state. Reads no clock, does nothing, knows nothing else. */
  public static Step next(State state, Event event) {
    return switch (state) {
      case Checking s -> checking(s, event);
      case Announcing s -> announcing(s, event);
      case Reserving s -> reserving(s, event);
      case Preparing s -> preparing(s, event);
      case Freezing s -> freezing(s, event);
      case Pausing s -> pausing(s, event);
      case Cutting s -> cutting(s, event);
      case Resuming s -> resuming(s, event);
      case Thawing s -> thawing(s, event);
      case Settling s -> settling(s, event);
      case Undoing s -> undoing(s, event);
      case Cleaning s -> cleaning(s, event);
      case Done s -> to(s);
    };
  }

  private static Step checking(Checking s, Event event) {
    return switch (event) {
      case Checked e ->
          to(
              new Announcing(s.terms(), e.plan(), Intent.RESERVE),
              new Effect.WriteJournal(Journal.Phase.RESERVING, Owed.NOTHING));
      case CheckFailed e -> nothingDone(Outcome.FAILED, e.failure());
      case TimerFired(Timer timer) when timer == Timer.OVERALL ->
          nothingDone(Outcome.FAILED, TIMEOUT);
      case CancelRequested e -> nothingDone(Outcome.CANCELLED, cancelled());
      default -> to(s);
    };
  }

  private static Step announcing(Announcing s, Event event) {
    Ledger ledger = Ledger.open(s.terms(), s.plan());
    // Until the first entry is written nothing was made, so that there is nothing to remove.
    boolean nothingMade = s.intent() == Intent.RESERVE;
    return switch (event) {
      case Recorded e -> announced(s, ledger);
      case RecordFailed e when nothingMade -> nothingDone(Outcome.FAILED, e.failure());
      case RecordFailed e -> clean(ledger.failed(e.failure()));
      case TimerFired(Timer timer) when timer == Timer.OVERALL ->
          nothingMade ? nothingDone(Outcome.FAILED, TIMEOUT) : overdueClean(ledger);
      case CancelRequested e ->
          nothingMade ? nothingDone(Outcome.CANCELLED, cancelled()) : clean(ledger.cancelled());
      default -> to(s);
    };
  }

  private static Step announced(Announcing s, Ledger ledger) {
    return switch (s.intent()) {
      case RESERVE -> to(new Reserving(s.terms(), s.plan()), new Effect.Reserve());
      case PREPARE -> to(new Preparing(s.terms(), s.plan()), new Effect.Prepare());
      case HOLD ->
          s.plan().freeze()
              ? to(
                  new Freezing(s.terms(), s.plan()),
                  new Effect.StartTimer(s.plan().ownPace() ? Timer.FREEZE : Timer.WINDOW),
                  new Effect.Freeze())
              : hold(ledger);
    };
  }

  private static Step reserving(Reserving s, Event event) {
    Ledger ledger = Ledger.open(s.terms(), s.plan());
    return switch (event) {
      case Reserved e ->
          to(
              new Announcing(s.terms(), s.plan(), Intent.PREPARE),
              new Effect.WriteJournal(Journal.Phase.PREPARING, Owed.NOTHING));
      case ReserveFailed e -> clean(ledger.failed(e.failure()));
      case TimerFired(Timer timer) when timer == Timer.OVERALL -> overdueClean(ledger);
      case CancelRequested e -> clean(ledger.cancelled());
      default -> to(s);
    };
  }

  private static Step preparing(Preparing s, Event event) {
    Ledger ledger = Ledger.open(s.terms(), s.plan());
    return switch (event) {
      case Prepared e when s.terms().dryRun() -> clean(ledger);
      case Prepared e ->
          to(
              new Announcing(s.terms(), s.plan(), Intent.HOLD),
              new Effect.WriteJournal(Journal.Phase.HOLDING, Owed.of(s.plan())));
      case PrepareFailed e -> clean(ledger.failed(e.failure()));
      case TimerFired(Timer timer) when timer == Timer.OVERALL -> overdueClean(ledger);
      case CancelRequested e -> clean(ledger.cancelled());
      default -> to(s);
    };
  }

  private static Step freezing(Freezing s, Event event) {
    Ledger ledger = Ledger.open(s.terms(), s.plan());
    return switch (event) {
      case Frozen e when s.plan().pause() ->
          frozen(s, new Pausing(ledger, true), new Effect.Pause());
      case Frozen e -> frozen(s, new Cutting(ledger.withCutAsked(), true, false), new Effect.Cut());
      case FreezeFailed e when !e.mayBeWritten() && s.terms().quiesce() == Quiesce.PREFER ->
          hold(ledger.withoutFreeze());
      case FreezeFailed e when !e.mayBeWritten() -> clean(ledger.failed(e.failure()));
      case FreezeFailed e -> thaw(unfrozen(ledger, e.failure()), false);
      case TimerFired(Timer timer) when timer == Timer.WINDOW || timer == Timer.FREEZE ->
          thaw(unfrozen(ledger, NO_FREEZE_IN_WINDOW), false);
      case TimerFired(Timer timer) when timer == Timer.OVERALL ->
          overdue(thaw(ledger.failed(TIMEOUT).nowOverdue(), false));
      case CancelRequested e -> thaw(ledger.cancelled(), false);
      default -> to(s);
    };
  }

  private static Step pausing(Pausing s, Event event) {
    return switch (event) {
      case Paused e ->
          to(new Cutting(s.ledger().withCutAsked(), s.frozen(), true), new Effect.Cut());
      case PauseFailed e -> resume(s.ledger().failed(e.failure()), s.frozen());
      case TimerFired(Timer timer) when timer == Timer.WINDOW ->
          resume(s.ledger().failed(WINDOW), s.frozen());
      case TimerFired(Timer timer) when timer == Timer.OVERALL ->
          overdue(resume(s.ledger().failed(TIMEOUT).nowOverdue(), s.frozen()));
      case CancelRequested e -> resume(s.ledger().cancelled(), s.frozen());
      default -> to(s);
    };
  }

  private static Step cutting(Cutting s, Event event) {
    boolean held = s.frozen() || s.paused();
    return switch (event) {
      case CutDone e -> release(s, s.ledger());
      case CutFailed e -> release(s, s.ledger().late(e.failure()));
      case TimerFired(Timer timer) when timer == Timer.WINDOW && held ->
          release(s, s.ledger().late(WINDOW));
      case TimerFired(Timer timer) when timer == Timer.OVERALL ->
          overdue(release(s, s.ledger().late(TIMEOUT).nowOverdue()));
      case CancelRequested e -> release(s, s.ledger().cancelled());
      default -> to(s);
    };
  }

  private static Step resuming(Resuming s, Event event) {
    return switch (event) {
      case Resumed e when s.owesThaw() -> thaw(s.ledger(), false);
      case Resumed e -> released(s.ledger());
      case ResumeFailed e when s.owesThaw() ->
          thaw(s.ledger(), true).then(new Effect.StartTimer(Timer.RESUME_RETRY));
      case ResumeFailed e -> to(s, new Effect.StartTimer(Timer.RESUME_RETRY));
      case TimerFired(Timer timer) ->
          switch (timer) {
            case RESUME_RETRY -> to(s, new Effect.Resume());
            // A resume that hangs must not keep the file systems frozen as well.
            case WINDOW -> s.owesThaw() ? thaw(s.ledger(), true) : to(s);
            case OVERALL ->
                overdue(
                    s.owesThaw()
                        ? thaw(s.ledger().nowOverdue(), true)
                        : to(new Resuming(s.ledger().nowOverdue(), false)));
            case BOUND ->
                s.owesThaw()
                    ? givenUp(s.ledger().failed(NO_THAW).maybeFrozen(true))
                    : givenUp(s.ledger().failed(NO_RESUME).maybePaused());
            case THAW_RETRY, FREEZE -> to(s);
          };
      case CancelRequested e -> to(new Resuming(s.ledger().cancelled(), s.owesThaw()));
      default -> to(s);
    };
  }

  private static Step thawing(Thawing s, Event event) {
    return switch (event) {
      case Thawed e when s.owesResume() -> to(new Resuming(thawed(s.ledger(), e), false));
      case Thawed e -> released(thawed(s.ledger(), e));
      case ThawFailed e -> to(s, new Effect.StartTimer(Timer.THAW_RETRY));
      case Resumed e -> to(new Thawing(s.ledger(), false));
      case ResumeFailed e when s.owesResume() -> to(s, new Effect.StartTimer(Timer.RESUME_RETRY));
      case TimerFired(Timer timer) ->
          switch (timer) {
            case THAW_RETRY -> to(s, new Effect.Thaw());
            case RESUME_RETRY -> s.owesResume() ? to(s, new Effect.Resume()) : to(s);
            case OVERALL -> overdue(to(new Thawing(s.ledger().nowOverdue(), s.owesResume())));
            case BOUND -> givenUp(s.ledger().failed(NO_THAW).maybeFrozen(s.owesResume()));
            case WINDOW, FREEZE -> to(s);
          };
      case CancelRequested e -> to(new Thawing(s.ledger().cancelled(), s.owesResume()));
      default -> to(s);
    };
  }

  private static Step settling(Settling s, Event event) {
    return switch (event) {
      case Settled e -> settled(s.ledger(), e);
      case TimerFired(Timer timer) when timer == Timer.OVERALL ->
          overdue(to(new Settling(s.ledger().nowOverdue())));
      case TimerFired(Timer timer) when timer == Timer.BOUND ->
          done(s.ledger().with(new Verdict.Unknown(NOT_SETTLED)));
      case CancelRequested e -> to(new Settling(s.ledger().cancelled()));
      default -> to(s);
    };
  }

  private static Step undoing(Undoing s, Event event) {
    return switch (event) {
      case Undone e -> clean(s.ledger());
      case UndoFailed e -> clean(s.ledger().with(new Verdict.Unknown(e.failure())));
      case TimerFired(Timer timer) when timer == Timer.OVERALL ->
          overdue(to(new Undoing(s.ledger().nowOverdue())));
      case TimerFired(Timer timer) when timer == Timer.BOUND ->
          done(s.ledger().with(new Verdict.Unknown(NOT_UNDONE)));
      default -> to(s);
    };
  }

  private static Step cleaning(Cleaning s, Event event) {
    return switch (event) {
      case Cleaned e -> done(s.ledger());
      case CleanFailed e -> done(s.ledger());
      case TimerFired(Timer timer) when timer == Timer.OVERALL ->
          overdue(to(new Cleaning(s.ledger().nowOverdue())));
      case TimerFired(Timer timer) when timer == Timer.BOUND -> done(s.ledger());
      default -> to(s);
    };
  }

  /** A guest with a pace of its own is frozen: only now does the window begin. */
  private static Step frozen(Freezing s, State held, Effect effect) {
    return s.plan().ownPace()
        ? to(held, new Effect.StartTimer(Timer.WINDOW), effect)
        : to(held, effect);
  }
}
