package dev.stillpoint.core.spi;

import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Everything that somebody has to know who finds an operation that did not end.
 *
 * @param operationId eight hexadecimal digits
 * @param kind what it is, such as {@code snapshot} or {@code freeze}
 * @param name the snapshot's name; empty for an operation without one
 * @param at when the entry was made, by the host's clock
 * @param deadline when the caller's timeout ends, by the same clock
 * @param disks what it makes, disk by disk
 * @param thawOwed whether the guest may be frozen by this operation
 * @param resumeOwed whether the machine may be paused by this operation
 * @param ending how it ended; only with {@link Journal.Phase#ENDED}
 */
public record JournalEntry(
    String operationId,
    String kind,
    String name,
    Journal.Phase phase,
    Instant at,
    Instant deadline,
    MachineIdentity machine,
    List<Inventory> disks,
    boolean thawOwed,
    boolean resumeOwed,
    Optional<Ending> ending) {

  /**
   * How an operation ended, as far as it was proved.
   *
   * @param failure why it did not succeed; empty on success
   */
  public record Ending(Outcome outcome, GuestState guest, Optional<Failure> failure) {}

  /** Copies the list. */
  public JournalEntry {
    disks = List.copyOf(disks);
  }

  /** Whether nothing is owed to the guest, and nothing of the operation is left over. */
  public boolean isSettled() {
    return ending.isPresent()
        && !thawOwed
        && !resumeOwed
        && disks.stream().allMatch(disk -> disk.belongings().isEmpty());
  }
}
