package dev.stillpoint.backends;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.journal.JournalFile;
import dev.stillpoint.backends.journal.StateDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The operations that did not end, as whoever begins the next one on their machine is told.
 *
 * @param unsettled those whose file can be read
 * @param unreadable what cannot be read, and why: it may be of this machine, too
 * @param command what a person runs to end them
 */
record EarlierOperations(List<JournalFile> unsettled, List<String> unreadable, String command) {
  private static final Pattern PLAIN_PATH = Pattern.compile("[A-Za-z0-9_./@%+=:,-]+");

  /**
   * Looks into the journal, while the machine's lock is held; only a directory can be looked at.
   */
  static EarlierOperations in(Journal journal) {
    if (!(journal instanceof JournalDirectory directory)) {
      return new EarlierOperations(List.of(), List.of(), "");
    }
    String command = recoverCommand(directory);
    List<JournalFile> all;
    try {
      all = directory.operations();
    } catch (UncheckedIOException e) {
      return new EarlierOperations(List.of(), List.of(String.valueOf(e.getMessage())), command);
    }
    return new EarlierOperations(
        all.stream().filter(EarlierOperations::isUnsettled).toList(),
        all.stream().filter(file -> file.last().isEmpty()).map(JournalFile::unreadable).toList(),
        command);
  }

  private static boolean isUnsettled(JournalFile file) {
    return file.last().filter(entry -> !entry.isSettled()).isPresent();
  }

  /**
   * Those of one machine.
   *
   * @param machine what is known of it by now
   */
  EarlierOperations on(MachineIdentity machine) {
    return new EarlierOperations(
        unsettled.stream()
            .filter(file -> isSame(file.last().orElseThrow().machine(), machine))
            .toList(),
        unreadable,
        command);
  }

  /** By any of what is written down: a machine may have got other sockets since. */
  private static boolean isSame(MachineIdentity then, MachineIdentity now) {
    Set<String> names = names(now).collect(Collectors.toSet());
    return names(then).anyMatch(names::contains)
        || (then.uuid().isPresent() && then.uuid().equals(now.uuid()))
        || (then.incarnation().isPresent() && then.incarnation().equals(now.incarnation()));
  }

  private static Stream<String> names(MachineIdentity machine) {
    return Stream.of(machine.monitor(), machine.agent())
        .flatMap(Optional::stream)
        .map(EarlierOperations::name);
  }

  private static String name(String written) {
    try {
      return MachineLock.nameOf(Endpoint.parse(written));
    } catch (IllegalArgumentException e) {
      return written;
    }
  }

  /** Quoted for a shell where that is needed. */
  static String recoverCommand(JournalDirectory directory) {
    Path state = directory.state();
    if (state.equals(StateDirectory.standard().toAbsolutePath())) {
      return "stillpoint recover";
    }
    String path = state.toString();
    boolean plain = PLAIN_PATH.matcher(path).matches();
    return "stillpoint recover --state-dir "
        + (plain ? path : "'" + path.replace("'", "'\\''") + "'");
  }

  /** The result with a word about them; one that found the guest frozen says by whom. */
  SnapshotResult toldIn(SnapshotResult result) {
    if (unsettled.isEmpty() && unreadable.isEmpty()) {
      return result;
    }
    List<String> warnings = new ArrayList<>(result.warnings());
    unsettled.forEach(file -> warnings.add(told(file)));
    unreadable.forEach(why ->
        warnings.add(
            why + "; it may tell of an earlier operation on this machine: run '" + command + "'"));
    return result.withWarnings(warnings).withError(this::explained);
  }

  private Failure explained(Failure failure) {
    Optional<JournalFile> culprit =
        unsettled.stream().filter(file -> file.owesThaw() || file.owesResume()).findFirst();
    if (failure.code() != ErrorCode.ALREADY_FROZEN || culprit.isEmpty()) {
      return failure;
    }
    return new Failure(
        failure.code(),
        "the guest is frozen already, most likely by the earlier operation "
            + named(culprit.get())
            + ", which did not end; '"
            + command
            + "' thaws it",
        failure.disk());
  }

  private String told(JournalFile file) {
    return "the earlier operation "
        + named(file)
        + " on this machine did not end; '"
        + command
        + "' ends it";
  }

  private static String named(JournalFile file) {
    JournalEntry entry = file.last().orElseThrow();
    return entry.operationId() + " (" + Recovery.what(entry) + ")";
  }
}
