package dev.stillpoint.core.transaction;

import static dev.stillpoint.core.transaction.Step.to;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.LateCut;
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
import java.util.Optional;

/**
 * All rules of a snapshot in one pure, total function. The outer switch is over states, the inner
 * one over events; an event that means nothing in a state leaves it as it is, because answers may
 * come late and clocks are never stopped one by one.
 *
 * <p>Two rules stand above all: from {@code Freezing} every way leads through {@code Thawing}, and
 * from {@code Pausing} every way leads through {@code Resuming}, until proof or the bound.
 */
public final class TransactionMachine {
  private static final Failure TIMEOUT =
      Failure.of(ErrorCode.TIMEOUT, "the time for the whole operation ended");
  private static final Failure WINDOW =
      Failure.of(ErrorCode.WINDOW_EXCEEDED, "the freeze window ended before the cut was done");
  private static final Failure NO_FREEZE_IN_WINDOW =
      Failure.of(ErrorCode.FREEZE_FAILED, "the guest did not freeze within the freeze window");
  private static final Failure NOT_PROVED =
      Failure.of(ErrorCode.FREEZE_NOT_PROVED, "the freeze is not shown to have held over the cut");
  private static final Failure NO_THAW =
      Failure.of(ErrorCode.THAW_NOT_PROVED, "the guest may be frozen: no thaw could be proved");
  private static final Failure NO_RESUME =
      Failure.of(ErrorCode.RESUME_NOT_PROVED, "the machine may be paused: no resume was confirmed");
  private static final Failure NOT_SETTLED =
      Failure.of(ErrorCode.TIMEOUT, "what became of the cut could not be found out");
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
              new Effect.WriteJournal(Journal.Phase.RESERVING));
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
              new Effect.WriteJournal(Journal.Phase.PREPARING));
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
              new Effect.WriteJournal(Journal.Phase.HOLDING));
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
                    ? givenUp(s.ledger().failed(NO_THAW).with(GuestState.MAYBE_FROZEN))
                    : givenUp(s.ledger().failed(NO_RESUME).with(GuestState.MAYBE_PAUSED));
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
            case BOUND -> givenUp(s.ledger().failed(NO_THAW).with(GuestState.MAYBE_FROZEN));
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

  /** Holds a guest that is not frozen: paused where the cuts need it, else just cut. */
  private static Step hold(Ledger ledger) {
    return ledger.plan().pause()
        ? to(new Pausing(ledger, false), new Effect.StartTimer(Timer.WINDOW), new Effect.Pause())
        : to(new Cutting(ledger.withCutAsked(), false, false), new Effect.Cut());
  }

  private static Step release(Cutting s, Ledger ledger) {
    if (s.paused()) {
      return resume(ledger, s.frozen());
    }
    return s.frozen() ? thaw(ledger, false) : to(new Settling(ledger), new Effect.Settle());
  }

  private static Step resume(Ledger ledger, boolean owesThaw) {
    return to(new Resuming(ledger, owesThaw), new Effect.Resume());
  }

  private static Step thaw(Ledger ledger, boolean owesResume) {
    return to(new Thawing(ledger, owesResume), new Effect.Thaw());
  }

  /** After a freeze that did not come about: with prefer the cut is made without it. */
  private static Ledger unfrozen(Ledger ledger, Failure why) {
    return ledger.terms().quiesce() == Quiesce.PREFER ? ledger.withoutFreeze() : ledger.failed(why);
  }

  private static Ledger thawed(Ledger ledger, Thawed proof) {
    Ledger safe = ledger.with(GuestState.THAWED);
    boolean unproved =
        !proof.freezeHeld() && ledger.cutAsked() && ledger.terms().quiesce() == Quiesce.REQUIRE;
    return unproved ? safe.failed(NOT_PROVED) : safe;
  }

  /** Nothing is owed to the guest any more. */
  private static Step released(Ledger ledger) {
    if (ledger.cutAsked()) {
      return bounded(
          ledger,
          to(
              new Settling(ledger),
              new Effect.WriteJournal(Journal.Phase.RELEASED),
              new Effect.Settle()));
    }
    if (ledger.verdict() instanceof Verdict.Good && !ledger.overdue()) {
      // With prefer: the guest did not freeze and is thawed; a pause would be written down already.
      return ledger.plan().pause()
          ? hold(ledger)
          : hold(ledger).then(new Effect.WriteJournal(Journal.Phase.RELEASED));
    }
    Ledger ended = ledger.failed(TIMEOUT);
    return bounded(
        ended,
        to(
            new Cleaning(ended),
            new Effect.WriteJournal(Journal.Phase.RELEASED),
            new Effect.Clean()));
  }

  /** The bound has ended with something owed: say what is known, and touch the disks no more. */
  private static Step givenUp(Ledger ledger) {
    return bounded(
        ledger,
        ledger.cutAsked()
            ? to(new Settling(ledger), new Effect.Settle())
            : to(new Cleaning(ledger), new Effect.Clean()));
  }

  private static Step settled(Ledger ledger, Settled found) {
    return switch (found.state()) {
      case NOT_APPLIED -> clean(ledger.with(ledger.verdict().butNothingCut()));
      case UNKNOWN -> done(ledger.with(new Verdict.Unknown(unsettled(ledger))));
      case APPLIED ->
          !ledger.guestIsSafe()
              ? clean(ledger.with(new Verdict.Unknown(unsettled(ledger))))
              : isWanted(ledger)
                  ? clean(ledger)
                  : undo(ledger.with(ledger.verdict().butNothingCut()));
    };
  }

  private static Failure unsettled(Ledger ledger) {
    return switch (ledger.verdict()) {
      case Verdict.Good good -> NOT_SETTLED;
      case Verdict.Late late -> late.failure();
      case Verdict.Failed failed -> failed.failure();
      case Verdict.Cancelled cancelled -> cancelled();
      case Verdict.Unknown unknown -> unknown.failure();
    };
  }

  private static boolean isWanted(Ledger ledger) {
    return switch (ledger.verdict()) {
      case Verdict.Good good -> true;
      case Verdict.Late late -> ledger.terms().lateCut() == LateCut.ADOPT;
      case Verdict.Failed failed -> false;
      case Verdict.Cancelled cancelled -> false;
      case Verdict.Unknown unknown -> false;
    };
  }

  private static Step undo(Ledger ledger) {
    return bounded(
        ledger,
        to(new Undoing(ledger), new Effect.WriteJournal(Journal.Phase.UNDOING), new Effect.Undo()));
  }

  private static Step clean(Ledger ledger) {
    return bounded(ledger, to(new Cleaning(ledger), new Effect.Clean()));
  }

  private static Step overdueClean(Ledger ledger) {
    return overdue(to(new Cleaning(ledger.failed(TIMEOUT).nowOverdue()), new Effect.Clean()));
  }

  /** The caller's timeout has passed on the way: tell it, and bound what is left. */
  private static Step overdue(Step step) {
    return step.then(new Effect.ReportOverdue(), new Effect.StartTimer(Timer.BOUND));
  }

  /** Each stretch after the caller's timeout has a bound of its own. */
  private static Step bounded(Ledger ledger, Step step) {
    return ledger.overdue() ? step.then(new Effect.StartTimer(Timer.BOUND)) : step;
  }

  private static Step nothingDone(Outcome outcome, Failure failure) {
    return to(
        new Done(outcome, GuestState.NEVER_FROZEN, Optional.of(failure)),
        new Effect.WriteJournal(Journal.Phase.ENDED),
        new Effect.Finish());
  }

  private static Step done(Ledger ledger) {
    Done end =
        switch (ledger.verdict()) {
          case Verdict.Good good -> new Done(Outcome.SUCCEEDED, ledger.guest(), Optional.empty());
          case Verdict.Late late -> new Done(Outcome.SUCCEEDED, ledger.guest(), Optional.empty());
          case Verdict.Failed failed -> ended(Outcome.FAILED, ledger, failed.failure());
          case Verdict.Cancelled cancelled -> ended(Outcome.CANCELLED, ledger, cancelled());
          case Verdict.Unknown unknown -> ended(Outcome.UNKNOWN, ledger, unknown.failure());
        };
    return to(end, new Effect.WriteJournal(Journal.Phase.ENDED), new Effect.Finish());
  }

  /** Where the guest may not be safe, that is the one error to tell, whatever came before it. */
  private static Done ended(Outcome outcome, Ledger ledger, Failure failure) {
    Failure told =
        switch (ledger.guest()) {
          case MAYBE_FROZEN -> NO_THAW;
          case MAYBE_PAUSED -> NO_RESUME;
          case THAWED, NEVER_FROZEN -> failure;
        };
    return new Done(outcome, ledger.guest(), Optional.of(told));
  }

  private static Failure cancelled() {
    return Failure.of(ErrorCode.CANCELLED, "cancelled at the caller's request");
  }
}
