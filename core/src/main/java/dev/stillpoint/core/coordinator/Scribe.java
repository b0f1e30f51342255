package dev.stillpoint.core.coordinator;

import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.core.transaction.Owed;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Writes down one snapshot, phase by phase. Confined to the operation's thread but for the look.
 */
final class Scribe {
  private final String id;
  private final SnapshotRequest request;
  private final Journal journal;
  private final Function<Deadline, CompletionStage<MachineIdentity>> identify;
  private final Instant deadline;
  private volatile MachineIdentity machine = MachineIdentity.unknown();

  Scribe(
      String id,
      SnapshotRequest request,
      Journal journal,
      Function<Deadline, CompletionStage<MachineIdentity>> identify) {
    this.id = id;
    this.request = request;
    this.journal = journal;
    this.identify = identify;
    this.deadline = Instant.now().plus(request.timeout());
  }

  /** Looks which machine it is; one that does not say is no reason to fail. */
  CompletionStage<Void> look(Deadline until) {
    return identify
        .apply(until)
        .exceptionally(thrown -> MachineIdentity.unknown())
        .thenAccept(found -> machine = found);
  }

  void write(
      Journal.Phase phase, Owed owed, List<Inventory> made, Optional<JournalEntry.Ending> ending) {
    journal.write(
        new JournalEntry(
            id,
            "snapshot",
            request.name().text(),
            phase,
            Instant.now(),
            deadline,
            machine,
            ending.filter(this::isHandedOver).isPresent()
                ? made.stream().map(Inventory::emptied).toList()
                : made,
            owed.thaw(),
            owed.resume(),
            ending));
  }

  /** What a snapshot has made is the caller's once it has succeeded, and no longer ours. */
  private boolean isHandedOver(JournalEntry.Ending ending) {
    return ending.outcome() == Outcome.SUCCEEDED && !request.dryRun();
  }
}
