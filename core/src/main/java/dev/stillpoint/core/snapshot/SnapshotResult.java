package dev.stillpoint.core.snapshot;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * How an operation ended, and everything a caller needs to go on.
 *
 * @param consistency what the cut may count on; {@link Consistency#NONE} when nothing was cut
 * @param reasons why the consistency is not better
 * @param pointInTime when the disks were cut; empty when they were not
 * @param frozen from freeze written to the thaw's reply; empty when no freeze was written
 * @param hold from the freeze's reply to the thaw written; empty without a freeze's reply
 * @param commandsInHold how many cuts were asked for within the hold
 * @param paused from pause written to the resume's reply; zero when not paused
 * @param disks one entry a disk; also filled when the outcome is unknown, with both images
 * @param notCovered what this snapshot leaves out: disks, and file systems that were not frozen
 * @param warnings what the caller should know although it does not change the outcome
 * @param error why it did not succeed; empty on success
 */
public record SnapshotResult(
    SnapshotName name,
    Outcome outcome,
    Consistency consistency,
    List<String> reasons,
    Optional<PointInTime> pointInTime,
    Optional<Duration> frozen,
    Optional<Duration> hold,
    int commandsInHold,
    Duration paused,
    GuestState guest,
    List<DiskSnapshot> disks,
    List<String> notCovered,
    List<String> warnings,
    Optional<Failure> error) {

  /** Copies the lists, so that a result cannot change. */
  public SnapshotResult {
    reasons = List.copyOf(reasons);
    disks = List.copyOf(disks);
    notCovered = List.copyOf(notCovered);
    warnings = List.copyOf(warnings);
  }

  /** The result of an operation that failed before anything was asked of the machine. */
  public static SnapshotResult notBegun(SnapshotName name, Failure failure) {
    return new SnapshotResult(
        name,
        Outcome.FAILED,
        Consistency.NONE,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        0,
        Duration.ZERO,
        GuestState.NEVER_FROZEN,
        List.of(),
        List.of(),
        List.of(),
        Optional.of(failure));
  }

  /** The same result with these warnings instead of its own. */
  public SnapshotResult withWarnings(List<String> told) {
    return with(told, error);
  }

  /** The same result with its error in other words; one without an error stays as it is. */
  public SnapshotResult withError(UnaryOperator<Failure> told) {
    return with(warnings, error.map(told));
  }

  private SnapshotResult with(List<String> otherWarnings, Optional<Failure> otherError) {
    return new SnapshotResult(
        name,
        outcome,
        consistency,
        reasons,
        pointInTime,
        frozen,
        hold,
        commandsInHold,
        paused,
        guest,
        disks,
        notCovered,
        otherWarnings,
        otherError);
  }

  /** Whether it is certain that we left the guest neither frozen nor paused. */
  public boolean guestIsSafe() {
    return guest == GuestState.THAWED || guest == GuestState.NEVER_FROZEN;
  }
}
