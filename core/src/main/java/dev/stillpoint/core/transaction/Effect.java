package dev.stillpoint.core.transaction;

import dev.stillpoint.core.spi.Journal;

/**
 * What is to be done next. The runner carries effects out in the order in which they are listed.
 */
public sealed interface Effect {

  /** Ask whether it can be done: answered by checked or check failed. */
  record Check() implements Effect {}

  /**
   * Write the journal: answered by recorded or record failed.
   *
   * @param owed what whoever finds this entry has to take for owed
   */
  record WriteJournal(Journal.Phase phase, Owed owed) implements Effect {}

  /** Make the files that the cut needs, empty: answered by reserved or reserve failed. */
  record Reserve() implements Effect {}

  /** Make what the cut needs: answered by prepared or prepare failed. */
  record Prepare() implements Effect {}

  /** Freeze the guest: answered by frozen or freeze failed. */
  record Freeze() implements Effect {}

  /** Pause the machine: answered by paused or pause failed. */
  record Pause() implements Effect {}

  /** Cut the disks: answered by cut done or cut failed. */
  record Cut() implements Effect {}

  /** Resume the machine: answered by resumed or resume failed. */
  record Resume() implements Effect {}

  /** Thaw the guest: answered by thawed or thaw failed. */
  record Thaw() implements Effect {}

  /** Find out what became of the cut: answered by settled. */
  record Settle() implements Effect {}

  /** Take the cut back: answered by undone or undo failed. */
  record Undo() implements Effect {}

  /** Remove what is not used: answered by cleaned or clean failed. */
  record Clean() implements Effect {}

  /** Start a clock, or start it anew: answered by timer fired. */
  record StartTimer(Timer timer) implements Effect {}

  /** Tell the caller that its timeout has passed and what is still pursued. */
  record ReportOverdue() implements Effect {}

  /** Stop all clocks and hand over the result. */
  record Finish() implements Effect {}

  /** Whether the guest stands still by it, or is cut while it does. */
  default boolean holdsGuest() {
    return this instanceof Freeze || this instanceof Pause || this instanceof Cut;
  }
}
