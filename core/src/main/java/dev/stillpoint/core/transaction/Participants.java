package dev.stillpoint.core.transaction;

import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.ThawReport;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Those who do what the machine decides. Every method but {@link #write} and {@link #release}
 * returns at once; the runner calls them from one thread.
 */
public interface Participants {

  /** Asks everybody whether it can be done; changes nothing. */
  CompletionStage<Survey> check(Deadline deadline);

  /** Writes the journal; blocks until the entry is safe. The ending comes with the last phase. */
  void write(Journal.Phase phase, Owed owed, Optional<JournalEntry.Ending> ending);

  /** Makes the files that the cut needs, empty. */
  CompletionStage<Void> reserve(Deadline deadline);

  /** Makes and rehearses what the cut needs. */
  CompletionStage<Void> prepare(Deadline deadline);

  /** Freezes the guest. */
  CompletionStage<FreezeReport> freeze(Deadline deadline);

  /** Pauses the machine. */
  CompletionStage<Void> pause(Deadline deadline);

  /** Cuts all disks. */
  CompletionStage<CutReport> cut(Deadline deadline);

  /** Resumes the machine. */
  CompletionStage<Void> resume(Deadline deadline);

  /** Thaws the guest, with proof. */
  CompletionStage<ThawReport> thaw(Deadline deadline);

  /** Finds out what became of the cut. */
  CompletionStage<Settlement> settle(Deadline deadline);

  /** Takes the cut back. */
  CompletionStage<Void> undo(Deadline deadline);

  /** Removes what is not used. */
  CompletionStage<Void> clean(Deadline deadline);

  /** Why it is not sure that the machine stood still while it was paused. */
  Optional<String> pauseDoubt();

  /** Lets go of connections; the last call. */
  void release();
}
