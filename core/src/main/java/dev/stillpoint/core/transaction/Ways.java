package dev.stillpoint.core.transaction;

import static dev.stillpoint.core.transaction.Step.to;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.transaction.Event.Settled;
import dev.stillpoint.core.transaction.Event.Thawed;
import dev.stillpoint.core.transaction.State.Cleaning;
import dev.stillpoint.core.transaction.State.Cutting;
import dev.stillpoint.core.transaction.State.Done;
import dev.stillpoint.core.transaction.State.Pausing;
import dev.stillpoint.core.transaction.State.Resuming;
import dev.stillpoint.core.transaction.State.Settling;
import dev.stillpoint.core.transaction.State.Thawing;
import dev.stillpoint.core.transaction.State.Undoing;
import java.util.Optional;

/**
 * The ways that several states share: into the hold, out of it, and to the end. Pure as {@link
 * TransactionMachine} is, and a part of it.
 */
final class Ways {
  static final Failure TIMEOUT =
      Failure.of(ErrorCode.TIMEOUT, "the time for the whole operation ended");
  static final Failure NO_THAW =
      Failure.of(ErrorCode.THAW_NOT_PROVED, "the guest may be frozen: no thaw could be proved");
  static final Failure NO_RESUME =
      Failure.of(ErrorCode.RESUME_NOT_PROVED, "the machine may be paused: no resume was confirmed");
  static final Failure NOT_SETTLED =
      Failure.of(ErrorCode.TIMEOUT, "what became of the cut could not be found out");
  private static final Failure NEITHER =
      Failure.of(
          ErrorCode.THAW_NOT_PROVED,
          "the machine may be paused and its guest frozen: neither a resume nor a thaw could be"
              + " proved");
  private static final Failure PARTLY =
      Failure.of(ErrorCode.CUT_FAILED, "some of the disks were cut, and some were not");
  private static final Failure NOT_PROVED =
      Failure.of(ErrorCode.FREEZE_NOT_PROVED, "the freeze is not shown to have held over the cut");

  private Ways() {}

  /** Holds a guest that is not frozen: paused where the cuts need it, else just cut. */
  static Step hold(Ledger ledger) {
    return ledger.plan().pause()
        ? to(new Pausing(ledger, false), new Effect.StartTimer(Timer.WINDOW), new Effect.Pause())
        : to(new Cutting(ledger.withCutAsked(), false, false), new Effect.Cut());
  }

  static Step release(Cutting s, Ledger ledger) {
    if (s.paused()) {
      return resume(ledger, s.frozen());
    }
    return s.frozen() ? thaw(ledger, false) : to(new Settling(ledger), new Effect.Settle());
  }

  static Step resume(Ledger ledger, boolean owesThaw) {
    return to(new Resuming(ledger, owesThaw), new Effect.Resume());
  }

  static Step thaw(Ledger ledger, boolean owesResume) {
    return to(new Thawing(ledger, owesResume), new Effect.Thaw());
  }

  /** After a freeze that did not come about: with prefer the cut is made without it. */
  static Ledger unfrozen(Ledger ledger, Failure why) {
    return ledger.terms().quiesce() == Quiesce.PREFER ? ledger.withoutFreeze() : ledger.failed(why);
  }

  static Ledger thawed(Ledger ledger, Thawed proof) {
    Ledger safe = ledger.with(GuestState.THAWED);
    boolean unproved =
        !proof.freezeHeld() && ledger.cutAsked() && ledger.terms().quiesce() == Quiesce.REQUIRE;
    return unproved ? safe.failed(NOT_PROVED) : safe;
  }

  /** Nothing is owed to the guest any more. */
  static Step released(Ledger ledger) {
    if (ledger.cutAsked()) {
      return bounded(
          ledger,
          to(
              new Settling(ledger),
              new Effect.WriteJournal(Journal.Phase.RELEASED, Owed.NOTHING),
              new Effect.Settle()));
    }
    if (ledger.verdict() instanceof Verdict.Good && !ledger.overdue()) {
      // With prefer: the guest did not freeze and is thawed; a pause would be written down already.
      return ledger.plan().pause()
          ? hold(ledger)
          : hold(ledger).then(new Effect.WriteJournal(Journal.Phase.RELEASED, Owed.NOTHING));
    }
    Ledger ended = ledger.failed(TIMEOUT);
    return bounded(
        ended,
        to(
            new Cleaning(ended),
            new Effect.WriteJournal(Journal.Phase.RELEASED, Owed.NOTHING),
            new Effect.Clean()));
  }

  /** The bound has ended with something owed: say what is known, and touch the disks no more. */
  static Step givenUp(Ledger ledger) {
    return bounded(
        ledger,
        ledger.cutAsked()
            ? to(new Settling(ledger), new Effect.Settle())
            : to(new Cleaning(ledger), new Effect.Clean()));
  }

  static Step settled(Ledger ledger, Settled found) {
    return switch (found.state()) {
      case NOT_APPLIED -> clean(ledger.with(ledger.verdict().butNothingCut()));
      case UNKNOWN -> done(ledger.with(new Verdict.Unknown(unsettled(ledger))));
      case PARTLY_APPLIED ->
          ledger.guestIsSafe()
              ? undo(ledger.failed(PARTLY).with(ledger.failed(PARTLY).verdict().butNothingCut()))
              : clean(ledger.with(new Verdict.Unknown(unsettled(ledger))));
      case APPLIED ->
          !ledger.guestIsSafe()
              ? clean(ledger.with(new Verdict.Unknown(unsettled(ledger))))
              : ledger.isCutWanted()
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

  private static Step undo(Ledger ledger) {
    return bounded(
        ledger,
        to(
            new Undoing(ledger),
            new Effect.WriteJournal(Journal.Phase.UNDOING, Owed.NOTHING),
            new Effect.Undo()));
  }

  static Step clean(Ledger ledger) {
    return bounded(ledger, to(new Cleaning(ledger), new Effect.Clean()));
  }

  static Step overdueClean(Ledger ledger) {
    return overdue(to(new Cleaning(ledger.failed(TIMEOUT).nowOverdue()), new Effect.Clean()));
  }

  /** The caller's timeout has passed on the way: tell it, and bound what is left. */
  static Step overdue(Step step) {
    return step.then(new Effect.ReportOverdue(), new Effect.StartTimer(Timer.BOUND));
  }

  /** Each stretch after the caller's timeout has a bound of its own. */
  private static Step bounded(Ledger ledger, Step step) {
    return ledger.overdue() ? step.then(new Effect.StartTimer(Timer.BOUND)) : step;
  }

  static Step nothingDone(Outcome outcome, Failure failure) {
    return to(
        new Done(outcome, GuestState.NEVER_FROZEN, Optional.of(failure)),
        new Effect.WriteJournal(Journal.Phase.ENDED, Owed.NOTHING),
        new Effect.Finish());
  }

  static Step done(Ledger ledger) {
    Done end =
        switch (ledger.verdict()) {
          case Verdict.Good good -> new Done(Outcome.SUCCEEDED, ledger.guest(), Optional.empty());
          case Verdict.Late late -> new Done(Outcome.SUCCEEDED, ledger.guest(), Optional.empty());
          case Verdict.Failed failed -> ended(Outcome.FAILED, ledger, failed.failure());
          case Verdict.Cancelled cancelled -> ended(Outcome.CANCELLED, ledger, cancelled());
          case Verdict.Unknown unknown -> ended(Outcome.UNKNOWN, ledger, unknown.failure());
        };
    return to(
        end, new Effect.WriteJournal(Journal.Phase.ENDED, ledger.owed()), new Effect.Finish());
  }

  /** Where the guest may not be safe, that is the one error to tell, whatever came before it. */
  private static Done ended(Outcome outcome, Ledger ledger, Failure failure) {
    Failure told =
        switch (ledger.guest()) {
          case MAYBE_FROZEN -> ledger.owed().resume() ? NEITHER : NO_THAW;
          case MAYBE_PAUSED -> NO_RESUME;
          case THAWED, NEVER_FROZEN -> failure;
        };
    return new Done(outcome, ledger.guest(), Optional.of(told));
  }

  static Failure cancelled() {
    return Failure.of(ErrorCode.CANCELLED, "cancelled at the caller's request");
  }
}
