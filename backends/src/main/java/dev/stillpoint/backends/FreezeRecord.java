package dev.stillpoint.backends;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.JournalEntry.Ending;
import dev.stillpoint.core.spi.MachineIdentity;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes down one freeze by hand. Without a freeze it writes nothing. */
final class FreezeRecord {
  private static final Logger log = LoggerFactory.getLogger(FreezeRecord.class);

  private final Journal journal;
  private final String id;
  private final String kind;
  private final MachineIdentity machine;
  private Instant deadline = Instant.EPOCH;
  private boolean begun;

  FreezeRecord(Journal journal, String id, String kind, MachineIdentity machine) {
    this.journal = journal;
    this.id = id;
    this.kind = kind;
    this.machine = machine;
  }

  /** Before the freeze is written; what cannot be written down is not done. */
  void holding(Duration window) {
    deadline = Instant.now().plus(window);
    try {
      write(Journal.Phase.HOLDING, true, Optional.empty());
    } catch (RuntimeException e) {
      throw FreezeException.notWritten(
          Failure.of(ErrorCode.JOURNAL_FAILED, String.valueOf(e.getMessage())));
    }
    begun = true;
  }

  /** The guest is known to be let go. */
  void thawed() {
    end(new Ending(Outcome.SUCCEEDED, GuestState.THAWED, Optional.empty()), false);
  }

  /** No thaw could be proved. */
  void givenUp() {
    Failure owed = Failure.of(ErrorCode.THAW_NOT_PROVED, "no thaw could be proved");
    end(new Ending(Outcome.UNKNOWN, GuestState.MAYBE_FROZEN, Optional.of(owed)), true);
  }

  private void end(Ending ending, boolean thawOwed) {
    if (!begun) {
      return;
    }
    try {
      write(Journal.Phase.ENDED, thawOwed, Optional.of(ending));
    } catch (RuntimeException e) {
      // The guest is what counts; an entry that stays costs one needless recovery.
      log.warn("the journal's last entry could not be written", e);
    }
  }

  private void write(Journal.Phase phase, boolean thawOwed, Optional<Ending> ending) {
    journal.write(
        new JournalEntry(
            id,
            kind,
            "",
            phase,
            Instant.now(),
            deadline,
            machine,
            List.of(),
            thawOwed,
            false,
            ending));
  }
}
