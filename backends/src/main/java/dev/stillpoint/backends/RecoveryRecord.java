package dev.stillpoint.backends;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.journal.JournalFile;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.JournalEntry.Ending;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What is written down of an operation that did not end, and what its recovery adds to that, so
 * that the next one can go on where this one was killed. Used by one thread.
 */
final class RecoveryRecord {
  private final JournalDirectory journal;
  private final JournalFile file;
  private JournalEntry entry;
  private boolean undoBegun;

  RecoveryRecord(JournalDirectory journal, JournalFile file, JournalEntry last) {
    this.journal = journal;
    this.file = file;
    this.entry = last;
    this.undoBegun = file.undoBegun();
  }

  JournalFile file() {
    return file;
  }

  JournalEntry entry() {
    return entry;
  }

  boolean undoBegun() {
    return undoBegun;
  }

  /** Before the hold nothing is cut; and one that failed had found out that nothing is. */
  boolean wasNeverCut() {
    boolean failed =
        entry
            .ending()
            .map(Ending::outcome)
            .filter(outcome -> outcome == Outcome.FAILED || outcome == Outcome.CANCELLED)
            .isPresent();
    boolean early = !file.doubtful() && entry.phase().compareTo(Phase.HOLDING) < 0;
    return early || (entry.phase() == Phase.ENDED && failed);
  }

  /** Nothing is owed to the guest any more. */
  void released() {
    if (entry.thawOwed() || entry.resumeOwed()) {
      Phase phase = entry.phase() == Phase.ENDED ? Phase.ENDED : Phase.RELEASED;
      write(phase, entry.disks(), entry.ending());
    }
  }

  /** The cut is about to be taken back. */
  void undoing() {
    if (!undoBegun) {
      write(Phase.UNDOING, entry.disks(), Optional.empty());
      undoBegun = true;
    }
  }

  /** No disk is cut; once the nodes are gone nothing proves it any more. */
  void notApplied() {
    if (!wasNeverCut()) {
      write(Phase.ENDED, entry.disks(), Optional.of(ending(Outcome.FAILED, GuestState.THAWED)));
    }
  }

  /** Nothing is left: the file goes. */
  void settled(Outcome outcome, GuestState guest) {
    write(
        Phase.ENDED,
        entry.disks().stream().map(Inventory::emptied).toList(),
        Optional.of(ending(outcome, guest)));
  }

  private static Ending ending(Outcome outcome, GuestState guest) {
    return new Ending(outcome, guest, Optional.empty());
  }

  private void write(Phase phase, List<Inventory> disks, Optional<Ending> ending) {
    entry =
        new JournalEntry(
            entry.operationId(),
            entry.kind(),
            entry.name(),
            phase,
            Instant.now(),
            entry.deadline(),
            entry.machine(),
            disks,
            false,
            false,
            ending);
    journal.write(entry);
  }
}
