package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.LateCut;

/**
 * What a way out of the hold has to remember.
 *
 * @param cutAsked whether a cut was ever asked for, so that it must be settled what became of it
 * @param resumeOwed whether a resume was given up, also beside a thaw
 * @param overdue whether the caller's timeout has passed, so that only the bound is left
 */
record Ledger(
    Terms terms,
    Plan plan,
    boolean cutAsked,
    Verdict verdict,
    GuestState guest,
    boolean resumeOwed,
    boolean overdue) {

  static Ledger open(Terms terms, Plan plan) {
    return new Ledger(
        terms, plan, false, new Verdict.Good(), GuestState.NEVER_FROZEN, false, false);
  }

  Ledger with(Verdict now) {
    return new Ledger(terms, plan, cutAsked, now, guest, resumeOwed, overdue);
  }

  Ledger with(GuestState now) {
    return new Ledger(terms, plan, cutAsked, verdict, now, resumeOwed, overdue);
  }

  Ledger failed(Failure failure) {
    return with(verdict.butFailed(failure));
  }

  Ledger late(Failure failure) {
    return with(verdict.butLate(failure));
  }

  Ledger cancelled() {
    return with(verdict.butCancelled());
  }

  Ledger withCutAsked() {
    return new Ledger(terms, plan, true, verdict, guest, resumeOwed, overdue);
  }

  Ledger nowOverdue() {
    return new Ledger(terms, plan, cutAsked, verdict, guest, resumeOwed, true);
  }

  /** The bound ended before the thaw was proved; and the resume too, where it is owed. */
  Ledger maybeFrozen(boolean alsoPaused) {
    return new Ledger(terms, plan, cutAsked, verdict, GuestState.MAYBE_FROZEN, alsoPaused, overdue);
  }

  /** The bound ended before the resume was confirmed, of a guest that is not frozen. */
  Ledger maybePaused() {
    return new Ledger(terms, plan, cutAsked, verdict, GuestState.MAYBE_PAUSED, true, overdue);
  }

  Owed owed() {
    return new Owed(guest == GuestState.MAYBE_FROZEN, resumeOwed);
  }

  Ledger withoutFreeze() {
    return new Ledger(terms, plan.withoutFreeze(), cutAsked, verdict, guest, resumeOwed, overdue);
  }

  /** Whether a cut that was made may stay. */
  boolean isCutWanted() {
    return switch (verdict) {
      case Verdict.Good good -> true;
      case Verdict.Late late -> terms.lateCut() == LateCut.ADOPT;
      case Verdict.Failed failed -> false;
      case Verdict.Cancelled cancelled -> false;
      case Verdict.Unknown unknown -> false;
    };
  }

  boolean guestIsSafe() {
    return guest == GuestState.NEVER_FROZEN || guest == GuestState.THAWED;
  }
}
