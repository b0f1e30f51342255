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
  boolean guardThawed;
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
    copy.guardThawed = guardThawed;
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

  private int flags() {
    boolean[] all = {
      guestFrozen,
      freezeMayRun,
      machinePaused,
      cutApplied,
      cutMayApply,
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
      guardThawed,
      prepareWasAsked,
      endListed,
      endFailed,
      told
    };
    int bits = finished << all.length;
    for (int i = 0; i < all.length; i++) {
      bits |= all[i] ? 1 << i : 0;
    }
    return bits;
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
      cutSettled,
      overlaysExist,
      filesKnown,
      freezeOwed,
      pauseOwed,
      guardThawed,
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
        + Integer.toBinaryString(flags());
  }
}
