package dev.stillpoint.core.transaction;

/**
 * A mistake in what surrounds the machine: in the guard, the journal or the recovery. The explored
 * world with any of them breaks the promise that is named beside it.
 */
enum Defect {
  NONE(""),
  /** A guard that is armed when the freeze is answered. */
  GUARD_ARMED_AFTER_THE_FREEZE("is let go with nobody's help"),
  /** A freeze that waits for its guard, and is written after the thaw was proved. */
  FREEZE_WRITTEN_AFTER_THE_THAW("is let go with nobody's help"),
  /** A guard that is disarmed when the thaw is written. */
  GUARD_DISARMED_BEFORE_THE_PROOF("is let go with nobody's help"),
  /** An owner who wakes up and counts the guard's thaw as a freeze that held. */
  OWNER_TAKES_THE_GUARDS_THAW_FOR_ITS_OWN("required quiescing held over the cut"),
  /** A freezer that takes a freeze for over which came after the guard's thaw. */
  FREEZER_BELIEVES_A_GUARD_THAT_WAS_TOO_EARLY("a guest that may be frozen has a guard"),
  /** A pauser that takes a pause for over which came after the guard's resume. */
  PAUSER_BELIEVES_A_GUARD_THAT_WAS_TOO_EARLY("a machine that may be paused is so in the journal"),
  /** A guard that writes down a thaw as proved although its owner may freeze again. */
  GUARD_PROVES_A_THAW_TO_ONE_WHO_STANDS_STILL("a guest that may be frozen has a guard"),
  /** A guard that thaws only; no agent answers in a machine that stands still. */
  GUARD_DOES_NOT_RESUME("a guard lets the guest go"),
  /** A group of methods that is called cut when one of them has. */
  GROUP_TAKES_A_PART_FOR_THE_WHOLE("all disks or none"),
  /** Where the overlays have no nodes before the cut, their absence is taken for another life. */
  RECOVERY_WANTS_THE_NODES_OF_A_SYNC_WAY("a recovery removes what a sync way has made for nothing"),
  /** The file goes when the operation ends, whatever is owed. */
  JOURNAL_CLOSED_WITH_A_DEBT("a guest that may be frozen"),
  /** The file goes when the operation ends, whatever it has left. */
  JOURNAL_CLOSED_WITH_REMAINS("nothing of ours remains"),
  /** The status alone is believed: a freeze that waits in the agent's queue is not seen. */
  RECOVERY_BELIEVES_THE_STATUS("recovery lets the guest go"),
  /** The thaw is written down before it is proved. */
  RECOVERY_NOTES_BEFORE_THE_THAW("recovery lets the guest go"),
  /** The thaw is asked of a machine that stands still. */
  RECOVERY_DOES_NOT_RESUME("recovery lets the guest go"),
  /** Overlays go without a look at the graph. */
  RECOVERY_REMOVES_OVERLAYS_IN_USE("no image that the machine may write to is removed"),
  /** The look comes before it is certain that no command of the dead process comes any more. */
  RECOVERY_LOOKS_TOO_EARLY("no image that the machine may write to is removed"),
  /** The file goes although the cut was just being taken back. */
  RECOVERY_FORGETS_AN_UNDO("nothing of ours remains"),
  /** A cut that was made is not told. */
  RECOVERY_DOES_NOT_TELL("nothing of ours remains"),
  /** Nodes go before it is written down that no disk is cut; then nothing proves it any more. */
  RECOVERY_REMOVES_THE_EVIDENCE("recovery removes what was not used");

  /** What the broken promise says. */
  final String promise;

  Defect(String promise) {
    this.promise = promise;
  }
}
