package dev.stillpoint.backends;

import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.journal.JournalFile;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/**
 * Ends the operations that did not end: resumes and thaws what they may have left paused or frozen,
 * finds out what became of their cuts, and removes what they made and nobody uses. It acts on a
 * machine only while it holds that machine's locks. It may be run again at any time, also after it
 * was killed itself: every step looks first whether it is still to be done.
 *
 * @param journal where the operations are written down
 * @param thawBound how long a resume and a thaw are pursued, for each operation
 * @param undoBound how long a cut that was being taken back may take to be, for each operation;
 *     QEMU goes on with it afterwards, and the next recovery ends it
 * @param dryRun only tells what would be done
 */
public record Recovery(
    JournalDirectory journal, Duration thawBound, Duration undoBound, boolean dryRun) {
  /** The bound of a thaw where none is named. */
  public static final Duration DEFAULT_THAW_BOUND = Duration.ofSeconds(30);

  /** The bound of taking a cut back where none is named. */
  public static final Duration DEFAULT_UNDO_BOUND = Duration.ofMinutes(5);

  /** A recovery with the usual bounds. */
  public static Recovery of(JournalDirectory journal) {
    return new Recovery(journal, DEFAULT_THAW_BOUND, DEFAULT_UNDO_BOUND, false);
  }

  /** The same with another bound for thaws. */
  public Recovery thawBound(Duration bound) {
    return new Recovery(journal, bound, undoBound, dryRun);
  }

  /** The same with another bound for taking cuts back. */
  public Recovery undoBound(Duration bound) {
    return new Recovery(journal, thawBound, bound, dryRun);
  }

  /** The same, changing nothing: no thaw either. */
  public Recovery onlyTelling() {
    return new Recovery(journal, thawBound, undoBound, true);
  }

  /** Recovers every operation as {@link #run(BooleanSupplier)} does, and is not to be stopped. */
  public List<RecoveredOperation> run() {
    return run(() -> false);
  }

  /**
   * Recovers every operation of the journal, one after the other and the youngest first; blocks its
   * caller.
   *
   * @param stop asked between the steps, from the caller's thread; once it is true, no new step is
   *     begun, and what is left is told. A thaw that was sent is waited for, up to its bound
   * @return one entry an operation; empty when nothing is left
   * @throws java.io.UncheckedIOException when the journal's directory cannot be read
   */
  public List<RecoveredOperation> run(BooleanSupplier stop) {
    return journal.operations().stream()
        .map(file -> recover(file, stop))
        .flatMap(Optional::stream)
        .toList();
  }

  private Optional<RecoveredOperation> recover(JournalFile file, BooleanSupplier stop) {
    Optional<JournalEntry> last = file.last();
    if (last.isEmpty()) {
      return Optional.of(unreadable(file));
    }
    JournalEntry entry = last.get();
    if (stop.getAsBoolean()) {
      return Optional.of(told(file, entry, unhelped(file), "asked to stop before it was begun"));
    }
    try {
      List<Endpoint> machine = endpoints(entry);
      boolean owes = file.owesThaw() || file.owesResume();
      if (machine.isEmpty() && (owes || entry.disks().isEmpty())) {
        return Optional.of(told(file, entry, unhelped(file), "no machine is written down"));
      }
      String id = SnapshotCoordinator.newOperationId();
      MachineLock lock = MachineLock.take(machine, id, "recover " + entry.operationId());
      try {
        entry
            .machine()
            .incarnation()
            .flatMap(ProcessIdentity::parse)
            .filter(ProcessIdentity::isAlive)
            .ifPresent(lock::takeQemu);
        if (machine.isEmpty()) {
          lock.takeDisks(entry.disks().stream().map(Inventory::source).toList());
        }
        // It may have ended between the first look and the lock.
        return journal.operations().stream()
            .filter(one -> one.path().equals(file.path()) && one.last().isPresent())
            .map(one -> new OperationRecovery(this, one, one.last().get(), stop).recover())
            .findFirst();
      } finally {
        lock.close();
      }
    } catch (SnapshotException e) {
      boolean owned = e.failure().code() == ErrorCode.BUSY;
      State state = owned ? State.OWNED : unhelped(file);
      return Optional.of(told(file, entry, state, e.failure().message()));
    } catch (RuntimeException e) {
      // One that cannot be recovered is no reason to leave the others as they are.
      return Optional.of(told(file, entry, unhelped(file), String.valueOf(e.getMessage())));
    }
  }

  /** What is written down is what it is known by; an endpoint that cannot be read has no lock. */
  private static List<Endpoint> endpoints(JournalEntry entry) {
    return Stream.of(entry.machine().monitor(), entry.machine().agent())
        .flatMap(Optional::stream)
        .map(Endpoint::parse)
        .toList();
  }

  private static State unhelped(JournalFile file) {
    return file.owesThaw() || file.owesResume() ? State.MAYBE_FROZEN : State.LEFT;
  }

  private static RecoveredOperation unreadable(JournalFile file) {
    return new RecoveredOperation(
        "",
        "",
        file.path(),
        State.LEFT,
        List.of(),
        List.of(),
        List.of(file.unreadable()),
        List.of());
  }

  private static RecoveredOperation told(
      JournalFile file, JournalEntry entry, State state, String why) {
    boolean left = state != State.OWNED;
    return new RecoveredOperation(
        entry.operationId(),
        what(entry),
        file.path(),
        state,
        List.of(),
        List.of(),
        left ? List.of(why) : List.of(),
        left ? List.of() : List.of(why));
  }

  /** The operation in words. */
  static String what(JournalEntry entry) {
    var words = new ArrayList<>(List.of(entry.kind()));
    if (!entry.name().isEmpty()) {
      words.add(entry.name());
    }
    return String.join(" ", words);
  }
}
