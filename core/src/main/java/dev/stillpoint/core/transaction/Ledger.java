package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;

/**
 * What a way out of the hold has to remember.
 *
 * @param cutAsked whether a cut was ever asked for, so that it must be settled what became of it
 * @param overdue whether the caller's timeout has passed, so that only the bound is left
 */
record Ledger(
    Terms terms, Plan plan, boolean cutAsked, Verdict verdict, GuestState guest, boolean overdue) {

  static Ledger open(Terms terms, Plan plan) {
    return new Ledger(terms, plan, false, new Verdict.Good(), GuestState.NEVER_FROZEN, false);
  }

  Ledger with(Verdict now) {
    return new Ledger(terms, plan, cutAsked, now, guest, overdue);
  }

  Ledger with(GuestState now) {
    return new Ledger(terms, plan, cutAsked, verdict, now, overdue);
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
    return new Ledger(terms, plan, true, verdict, guest, overdue);
  }

  Ledger nowOverdue() {
    return new Ledger(terms, plan, cutAsked, verdict, guest, true);
  }

  Ledger withoutFreeze() {
    return new Ledger(terms, plan.withoutFreeze(), cutAsked, verdict, guest, overdue);
  }

  boolean guestIsSafe() {
    return guest == GuestState.NEVER_FROZEN || guest == GuestState.THAWED;
  }
}
