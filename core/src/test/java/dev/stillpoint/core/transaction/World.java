package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.spi.Journal;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The machine together with everything around it that matters: the guest, the disks, the questions
 * that are unanswered and the clocks that run. Explored as a value; changed only on a fresh copy.
 */
final class World {
  /** What the machine has asked for and not heard of. */
  enum Asked {
    CHECK,
    WRITE_RESERVING,
    WRITE_PREPARING,
    WRITE_HOLDING,
    WRITE_RELEASED,
    WRITE_UNDOING,
    WRITE_ENDED,
    RESERVE,
    PREPARE,
    FREEZE,
    PAUSE,
    CUT,
    RESUME,
    THAW,
    SETTLE,
    UNDO,
    CLEAN
  }

  private static final List<Asked> ASKED = List.of(Asked.values());
  private static final List<Journal.Phase> PHASES = List.of(Journal.Phase.values());

  State state;
  final Terms terms;
  final Set<Asked> asked = EnumSet.noneOf(Asked.class);
  final Set<Timer> running = EnumSet.noneOf(Timer.class);
  final Set<Journal.Phase> recorded = EnumSet.noneOf(Journal.Phase.class);
  final Set<Journal.Phase> written = EnumSet.noneOf(Journal.Phase.class);
  Owed holdOwed = Owed.NOTHING;
  Owed endOwed = Owed.NOTHING;

  boolean guestFrozen;
  boolean freezeMayRun;
  boolean machinePaused;
  boolean cutApplied;
  boolean cutMayApply;

  /** Of several methods some have cut and some have not. */
  boolean cutPartly;

  boolean overlaysExist;
  boolean filesKnown;

  boolean freezeOwed;
  boolean pauseOwed;
  boolean resumeAsked;
  boolean heldOverCut;
  boolean cutWasAsked;
  boolean cleanWasAsked;
  boolean overallFired;
  boolean boundFired;
  boolean overdueTold;
  boolean cancelled;
  boolean cutSettled;
  boolean everHeld;
  boolean releaseWritten;
  boolean endWritten;

  /** The owner stood still, and the guard acted; it may have left the rest to the owner again. */
  boolean stoodStill;

  /** The guard has let the guest go while the owner stood still, and does nothing any more. */
  boolean guardDone;

  /** What the guard did came after our freeze, which can do nothing any more. */
  boolean freezeSpent;

  /** The same of our pause. */
  boolean pauseSpent;

  /** The freeze was answered before the guard can have acted, as the owner knows. */
  boolean frozenInTime;

  /** The same of the pause. */
  boolean pausedInTime;

  boolean prepareWasAsked;
  boolean endListed;
  boolean endFailed;
  boolean told;
  int finished;

  World(Terms terms) {
    this.terms = terms;
    this.state = new State.Checking(terms);
  }

  World copy() {
    var copy = new World(terms);
    copy.state = state;
    copy.asked.addAll(asked);
    copy.running.addAll(running);
    copy.recorded.addAll(recorded);
    copy.written.addAll(written);
    copy.holdOwed = holdOwed;
    copy.endOwed = endOwed;
    copy.guestFrozen = guestFrozen;
    copy.freezeMayRun = freezeMayRun;
    copy.machinePaused = machinePaused;
    copy.cutApplied = cutApplied;
    copy.cutMayApply = cutMayApply;
    copy.cutPartly = cutPartly;
    copy.overlaysExist = overlaysExist;
    copy.filesKnown = filesKnown;
    copy.freezeOwed = freezeOwed;
    copy.pauseOwed = pauseOwed;
    copy.resumeAsked = resumeAsked;
    copy.heldOverCut = heldOverCut;
    copy.cutWasAsked = cutWasAsked;
    copy.cleanWasAsked = cleanWasAsked;
    copy.overallFired = overallFired;
    copy.boundFired = boundFired;
    copy.overdueTold = overdueTold;
    copy.cancelled = cancelled;
    copy.cutSettled = cutSettled;
    copy.everHeld = everHeld;
    copy.releaseWritten = releaseWritten;
    copy.endWritten = endWritten;
    copy.stoodStill = stoodStill;
    copy.guardDone = guardDone;
    copy.freezeSpent = freezeSpent;
    copy.pauseSpent = pauseSpent;
    copy.frozenInTime = frozenInTime;
    copy.pausedInTime = pausedInTime;
    copy.prepareWasAsked = prepareWasAsked;
    copy.endListed = endListed;
    copy.endFailed = endFailed;
    copy.told = told;
    copy.finished = finished;
    return copy;
  }

  boolean isOver() {
    return state instanceof State.Done;
  }

  private long flags() {
    boolean[] all = {
      guestFrozen,
      freezeMayRun,
      machinePaused,
      cutApplied,
      cutMayApply,
      cutPartly,
      overlaysExist,
      filesKnown,
      freezeOwed,
      pauseOwed,
      resumeAsked,
      heldOverCut,
      cutWasAsked,
      cleanWasAsked,
      overallFired,
      boundFired,
      overdueTold,
      cancelled,
      cutSettled,
      everHeld,
      releaseWritten,
      endWritten,
      stoodStill,
      guardDone,
      freezeSpent,
      pauseSpent,
      frozenInTime,
      pausedInTime,
      prepareWasAsked,
      endListed,
      endFailed,
      told
    };
    long bits = (long) finished << all.length;
    for (int i = 0; i < all.length; i++) {
      bits |= all[i] ? 1L << i : 0;
    }
    return bits;
  }

  /** Whether our freeze may still run, or has run and holds. */
  boolean canFreeze() {
    return freezeOwed && !freezeSpent;
  }

  /** Whether our pause may still come, or has come and holds. */
  boolean canPause() {
    return pauseOwed && !pauseSpent;
  }

  /** Forgets what can decide nothing any more, so that worlds do not differ by it. */
  void forget() {
    freezeSpent &= freezeOwed;
    frozenInTime &= freezeOwed;
    stoodStill &= freezeOwed;
    pauseSpent &= pauseOwed;
    pausedInTime &= pauseOwed;
    guardDone &= freezeOwed || pauseOwed || mayHold();
  }

  private boolean mayHold() {
    return state.holdsGuest() || state instanceof State.Resuming || state instanceof State.Thawing;
  }

  /** From before a freeze or a pause is written until what is owed for it is proved. */
  boolean isGuarded() {
    return (freezeOwed || pauseOwed) && !guardDone;
  }

  /** The journal's file is closed, and the caller is about to be told of a cut. */
  boolean isHandingOver() {
    return state instanceof State.Done done
        && done.outcome() == Outcome.SUCCEEDED
        && endWritten
        && finished == 0;
  }

  /** All that decides what can be left when the owner is killed. */
  CrashKey whatACrashLeaves() {
    boolean[] all = {
      guestFrozen,
      freezeMayRun,
      machinePaused,
      cutApplied,
      cutMayApply,
      cutPartly,
      cutSettled,
      overlaysExist,
      filesKnown,
      freezeOwed,
      pauseOwed,
      guardDone,
      freezeSpent,
      pauseSpent,
      prepareWasAsked,
      endListed,
      endFailed,
      told,
      isHandingOver()
    };
    long bits = 0;
    for (int i = 0; i < all.length; i++) {
      bits |= all[i] ? 1L << i : 0;
    }
    for (Asked one : ASKED) {
      bits = bits << 1 | (asked.contains(one) ? 1 : 0);
    }
    for (Journal.Phase phase : PHASES) {
      bits = bits << 2 | (recorded.contains(phase) ? 2 : 0) | (written.contains(phase) ? 1 : 0);
    }
    return new CrashKey(bits, holdOwed, endOwed);
  }

  /** Equal where a kill leaves the same. */
  record CrashKey(long bits, Owed holdOwed, Owed endOwed) {}

  @Override
  public boolean equals(Object other) {
    return other instanceof World that
        && flags() == that.flags()
        && state.equals(that.state)
        && terms.equals(that.terms)
        && asked.equals(that.asked)
        && running.equals(that.running)
        && recorded.equals(that.recorded)
        && written.equals(that.written)
        && holdOwed.equals(that.holdOwed)
        && endOwed.equals(that.endOwed);
  }

  @Override
  public int hashCode() {
    return Objects.hash(flags(), state, asked, running, recorded);
  }

  @Override
  public String toString() {
    return state
        + " asked "
        + asked
        + " clocks "
        + running
        + " flags "
        + Long.toBinaryString(flags());
  }
}
