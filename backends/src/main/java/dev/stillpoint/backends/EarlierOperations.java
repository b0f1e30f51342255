package dev.stillpoint.backends;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.journal.JournalFile;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The operations on a machine that did not end, as whoever begins the next one is told. */
record EarlierOperations(List<JournalEntry> unsettled) {

  /**
   * Looks into the journal, while the machine's lock is held; a journal of another kind is not
   * looked into, and one that cannot be read fails the operation itself soon enough.
   */
  static EarlierOperations on(List<Endpoint> endpoints, Journal journal) {
    if (!(journal instanceof JournalDirectory directory)) {
      return new EarlierOperations(List.of());
    }
    Set<String> names = endpoints.stream().map(MachineLock::nameOf).collect(Collectors.toSet());
    try {
      return new EarlierOperations(
          directory.operations().stream()
              .map(JournalFile::last)
              .flatMap(Optional::stream)
              .filter(entry -> !entry.isSettled() && isOn(entry.machine(), names))
              .toList());
    } catch (UncheckedIOException unreadable) {
      return new EarlierOperations(List.of());
    }
  }

  private static boolean isOn(MachineIdentity machine, Set<String> names) {
    return Stream.of(machine.monitor(), machine.agent())
        .flatMap(Optional::stream)
        .anyMatch(names::contains);
  }

  /** The result with a word about them; one that found the guest frozen says by whom. */
  SnapshotResult toldIn(SnapshotResult result) {
    if (unsettled.isEmpty()) {
      return result;
    }
    List<String> warnings = new ArrayList<>(result.warnings());
    unsettled.forEach(entry -> warnings.add(told(entry)));
    return new SnapshotResult(
        result.name(),
        result.outcome(),
        result.consistency(),
        result.reasons(),
        result.pointInTime(),
        result.frozen(),
        result.hold(),
        result.commandsInHold(),
        result.paused(),
        result.guest(),
        result.disks(),
        result.notCovered(),
        warnings,
        result.error().map(this::explained));
  }

  private Failure explained(Failure failure) {
    Optional<JournalEntry> culprit =
        unsettled.stream().filter(entry -> entry.thawOwed() || entry.resumeOwed()).findFirst();
    if (failure.code() != ErrorCode.ALREADY_FROZEN || culprit.isEmpty()) {
      return failure;
    }
    return new Failure(
        failure.code(),
        "the guest is frozen already, most likely by the earlier operation "
            + named(culprit.get())
            + ", which did not end; 'stillpoint recover' thaws it",
        failure.disk());
  }

  private static String told(JournalEntry entry) {
    return "the earlier operation "
        + named(entry)
        + " on this machine did not end; 'stillpoint recover' ends it";
  }

  private static String named(JournalEntry entry) {
    return entry.operationId() + " (" + Recovery.what(entry) + ")";
  }
}
