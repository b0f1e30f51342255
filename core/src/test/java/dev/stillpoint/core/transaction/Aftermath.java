package dev.stillpoint.core.transaction;

import dev.stillpoint.core.spi.Journal.Phase;
import java.util.Objects;
import java.util.Optional;

/**
 * What is left of an operation whose process is gone, or stands still: the guest, the disks, the
 * journal's file, the guard, and a recovery that may be under way. Explored as a value; changed
 * only on a fresh copy.
 */
final class Aftermath {
  /** What became of the cut. */
  enum Cut {
    NONE,
    /** A request for it may still be on its way. */
    MAY_COME,
    DONE,
    /** Some disks are cut, and some are not. */
    PARTLY,
    /** A job writes the overlays' data back. */
    BEING_UNDONE
  }

  /** The overlays' files. */
  enum Files {
    NONE,
    EMPTY,
    FILLED
  }

  /** Where a recovery stands; it may be killed at each. */
  enum Recovery {
    NONE,
    RESUMING,
    THAWING,
    NOTING,
    JUDGING,
    UNDOING,
    REMOVING_NODES,
    REMOVING_FILES,
    SETTLING
  }

  /**
   * The journal's last whole entry.
   *
   * @param listed whether it lists what the operation made
   * @param numbered whether it tells which files they are
   * @param failed whether it says that the operation has failed, so that no disk is cut
   */
  record Entry(Phase phase, Owed owed, boolean listed, boolean numbered, boolean failed) {
    boolean isSettled() {
      return phase == Phase.ENDED && owed.equals(Owed.NOTHING) && !listed;
    }

    Entry letGo() {
      return new Entry(Phase.RELEASED, Owed.NOTHING, listed, numbered, false);
    }

    Entry notCut() {
      return new Entry(Phase.ENDED, Owed.NOTHING, listed, numbered, true);
    }
  }

  boolean frozen;
  boolean freezeMayRun;
  boolean paused;
  Cut cut = Cut.NONE;
  Files files = Files.NONE;
  boolean nodes;

  /** Whether QEMU makes the overlays' nodes in the cut, so that there are none before it. */
  boolean sync;

  boolean guarded;

  /** The guard has written down that the thaw is proved. */
  boolean noted;

  boolean machineGone;
  boolean told;
  Optional<Entry> entry = Optional.empty();
  boolean damaged;
  Recovery recovery = Recovery.NONE;

  Aftermath copy() {
    var copy = new Aftermath();
    copy.frozen = frozen;
    copy.freezeMayRun = freezeMayRun;
    copy.paused = paused;
    copy.cut = cut;
    copy.files = files;
    copy.nodes = nodes;
    copy.sync = sync;
    copy.guarded = guarded;
    copy.noted = noted;
    copy.machineGone = machineGone;
    copy.told = told;
    copy.entry = entry;
    copy.damaged = damaged;
    copy.recovery = recovery;
    return copy;
  }

  boolean mayBeFrozen() {
    return frozen || freezeMayRun;
  }

  /** The cut comes, of all disks or of some. */
  void cut(Cut how) {
    cut = how;
    nodes |= sync;
    files = sync ? Files.FILLED : files;
  }

  /** No disk is cut any more; nodes that came with the cut go with it. */
  void uncut() {
    cut = Cut.NONE;
    nodes &= !sync;
  }

  void thaw() {
    frozen = false;
    freezeMayRun = false;
  }

  /** Whether whoever recovers would thaw. */
  boolean owesThaw() {
    return !noted
        && entry.isPresent()
        && (entry.get().owed().thaw() || entry.get().owed().resume() || damaged);
  }

  boolean owesAnything() {
    return owesThaw() || owesResume();
  }

  boolean owesResume() {
    return entry.filter(e -> e.owed().resume()).isPresent();
  }

  boolean isListed() {
    return entry.filter(Entry::listed).isPresent();
  }

  private int flags() {
    boolean[] all = {
      frozen,
      freezeMayRun,
      paused,
      nodes,
      sync,
      guarded,
      noted,
      machineGone,
      told,
      damaged,
      entry.isPresent()
    };
    int bits = 0;
    for (int i = 0; i < all.length; i++) {
      bits |= all[i] ? 1 << i : 0;
    }
    return bits;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Aftermath that
        && flags() == that.flags()
        && cut == that.cut
        && files == that.files
        && recovery == that.recovery
        && entry.equals(that.entry);
  }

  @Override
  public int hashCode() {
    return Objects.hash(flags(), cut, files, recovery, entry);
  }

  @Override
  public String toString() {
    return (frozen ? "frozen " : "")
        + (freezeMayRun ? "freeze-queued " : "")
        + (paused ? "paused " : "")
        + "cut "
        + cut
        + " files "
        + files
        + (sync ? " by a sync way" : "")
        + (nodes ? " nodes" : "")
        + (guarded ? " guarded" : "")
        + (noted ? " noted" : "")
        + (machineGone ? " machine-gone" : "")
        + (told ? " told" : "")
        + " journal "
        + entry.map(Entry::toString).orElse("none")
        + (damaged ? " damaged" : "")
        + (recovery == Recovery.NONE ? "" : " recovery " + recovery);
  }
}
