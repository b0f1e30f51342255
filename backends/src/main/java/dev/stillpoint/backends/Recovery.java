package dev.stillpoint.backends;

import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.journal.JournalFile;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Ends the operations that did not end: resumes and thaws what they may have left paused or frozen,
 * finds out what became of their cuts, and removes what they made and nobody uses. It acts on a
 * machine only while it holds that machine's locks. It may be run again at any time, also after it
 * was killed itself: every step looks first whether it is still to be done.
 *
 * @param journal where the operations are written down
 * @param thawBound how long a resume and a thaw are pursued, for each operation
 * @param dryRun only tells what would be done
 */
public record Recovery(JournalDirectory journal, Duration thawBound, boolean dryRun) {
  /** The bound where none is named. */
  public static final Duration DEFAULT_THAW_BOUND = Duration.ofSeconds(30);

  /** A recovery with the usual bound. */
  public static Recovery of(JournalDirectory journal) {
    return new Recovery(journal, DEFAULT_THAW_BOUND, false);
  }

  /** The same with another bound. */
  public Recovery thawBound(Duration bound) {
    return new Recovery(journal, bound, dryRun);
  }

  /** The same, changing nothing: no thaw either. */
  public Recovery onlyTelling() {
    return new Recovery(journal, thawBound, true);
  }

  /**
   * Recovers every operation of the journal, one after the other; blocks its caller.
   *
   * @return one entry an operation; empty when nothing is left
   * @throws java.io.UncheckedIOException when the journal's directory cannot be read
   */
  public List<RecoveredOperation> run() {
    return journal.operations().stream().map(this::recover).flatMap(Optional::stream).toList();
  }

  private Optional<RecoveredOperation> recover(JournalFile file) {
    Optional<JournalEntry> last = file.last();
    if (last.isEmpty()) {
      return Optional.of(unreadable(file));
    }
    JournalEntry entry = last.get();
    try {
      List<Endpoint> machine = endpoints(entry);
      if (machine.isEmpty()) {
        return Optional.of(told(file, entry, unhelped(entry), "no machine is written down"));
      }
      String id = SnapshotCoordinator.newOperationId();
      MachineLock lock = MachineLock.take(machine, id, "recover " + entry.operationId());
      try {
        // It may have ended between the first look and the lock.
        return journal.operations().stream()
            .filter(one -> one.path().equals(file.path()) && one.last().isPresent())
            .map(one -> new OperationRecovery(this, one, one.last().get()).recover())
            .findFirst();
      } finally {
        lock.close();
      }
    } catch (SnapshotException e) {
      boolean owned = e.failure().code() == ErrorCode.BUSY;
      State state = owned ? State.OWNED : unhelped(entry);
      return Optional.of(told(file, entry, state, e.failure().message()));
    } catch (RuntimeException e) {
      // One that cannot be recovered is no reason to leave the others as they are.
      return Optional.of(told(file, entry, unhelped(entry), String.valueOf(e.getMessage())));
    }
  }

  /** What is written down is what it is known by; an endpoint that cannot be read has no lock. */
  private static List<Endpoint> endpoints(JournalEntry entry) {
    return Stream.of(entry.machine().monitor(), entry.machine().agent())
        .flatMap(Optional::stream)
        .map(Endpoint::parse)
        .toList();
  }

  private static State unhelped(JournalEntry entry) {
    return entry.thawOwed() || entry.resumeOwed() ? State.MAYBE_FROZEN : State.LEFT;
  }

  private static RecoveredOperation unreadable(JournalFile file) {
    return new RecoveredOperation(
        "",
        "",
        file.path(),
        State.LEFT,
        List.of(),
        List.of(),
        List.of(
            "the journal's file "
                + file.path()
                + " cannot be read: it is damaged, or of another version"),
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
