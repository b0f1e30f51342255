package dev.stillpoint.core.transaction;

import dev.stillpoint.core.spi.Journal;
import java.util.EnumSet;
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

  State state;
  final Terms terms;
  final Set<Asked> asked = EnumSet.noneOf(Asked.class);
  final Set<Timer> running = EnumSet.noneOf(Timer.class);
  final Set<Journal.Phase> recorded = EnumSet.noneOf(Journal.Phase.class);

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
      endWritten
    };
    int bits = finished << all.length;
    for (int i = 0; i < all.length; i++) {
      bits |= all[i] ? 1 << i : 0;
    }
    return bits;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof World that
        && flags() == that.flags()
        && state.equals(that.state)
        && terms.equals(that.terms)
        && asked.equals(that.asked)
        && running.equals(that.running)
        && recorded.equals(that.recorded);
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
