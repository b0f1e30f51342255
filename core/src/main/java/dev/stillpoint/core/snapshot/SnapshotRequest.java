package dev.stillpoint.core.snapshot;

import dev.stillpoint.core.disk.SelectedDisk;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What a caller asks for. Immutable; each {@code with} method gives a changed copy.
 *
 * @param disks the disks to cut, or empty for every writable disk of the machine
 * @param scope which of the guest's file systems to freeze
 * @param freezeWindow from freeze written to thaw written, at most
 * @param timeout from the start to the first report, at most
 * @param thawBound how long after the timeout a thaw that is still owed is pursued, and how long
 *     finding out, undoing and cleaning may take then
 * @param pausing whether the machine may be paused where methods do not cut at one instant
 * @param dryRun prepare and rehearse the cut, then remove everything again
 */
public record SnapshotRequest(
    SnapshotName name,
    List<SelectedDisk> disks,
    Quiesce quiesce,
    FreezeScope scope,
    Duration freezeWindow,
    Duration timeout,
    Duration thawBound,
    LateCut lateCut,
    Pausing pausing,
    boolean dryRun) {

  /** The default of {@link #freezeWindow()}. */
  public static final Duration DEFAULT_FREEZE_WINDOW = Duration.ofSeconds(5);

  /** The default of {@link #timeout()}. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

  /** The default of {@link #thawBound()}. */
  public static final Duration DEFAULT_THAW_BOUND = Duration.ofSeconds(30);

  /** Letting the guest go, finding out, undoing, cleaning: each has the thaw bound anew. */
  private static final int STRETCHES = 4;

  /** The longest that any of the durations may be. */
  public static final Duration LONGEST = Duration.ofDays(1);

  /** The most disks that one request may name. */
  public static final int MAX_DISKS = 256;

  /**
   * A checked request.
   *
   * @throws IllegalArgumentException when a duration is not positive or longer than {@link
   *     #LONGEST}, or there are too many disks
   */
  public SnapshotRequest {
    disks = List.copyOf(disks);
    positive(freezeWindow, "the freeze window");
    positive(timeout, "the timeout");
    positive(thawBound, "the thaw bound");
    if (disks.size() > MAX_DISKS) {
      throw new IllegalArgumentException("a request names at most " + MAX_DISKS + " disks");
    }
  }

  /** All default: every disk, quiesced or nothing. */
  public static SnapshotRequest named(String name) {
    return new SnapshotRequest(
        new SnapshotName(name),
        List.of(),
        Quiesce.REQUIRE,
        FreezeScope.everything(),
        DEFAULT_FREEZE_WINDOW,
        DEFAULT_TIMEOUT,
        DEFAULT_THAW_BOUND,
        LateCut.UNDO,
        Pausing.ALLOWED,
        false);
  }

  /** Adds a disk, with everything else about it left to the engine. */
  public SnapshotRequest disk(String disk) {
    return disk(SelectedDisk.named(disk));
  }

  /** Adds a disk that is to be cut by the named method. */
  public SnapshotRequest disk(String disk, String method) {
    return disk(SelectedDisk.named(disk).withMethod(method));
  }

  /** Adds a disk. */
  public SnapshotRequest disk(SelectedDisk disk) {
    var more = new ArrayList<>(disks);
    more.add(disk);
    return withDisks(more);
  }

  /** The same request for exactly these disks. */
  public SnapshotRequest withDisks(List<SelectedDisk> chosen) {
    return new SnapshotRequest(
        name, chosen, quiesce, scope, freezeWindow, timeout, thawBound, lateCut, pausing, dryRun);
  }

  /** The same request with another quiesce policy. */
  public SnapshotRequest quiesce(Quiesce policy) {
    return new SnapshotRequest(
        name, disks, policy, scope, freezeWindow, timeout, thawBound, lateCut, pausing, dryRun);
  }

  /** The same request, freezing only these mount points; all of them when none is named. */
  public SnapshotRequest mountpoints(List<String> chosen) {
    return freezeScope(
        chosen.isEmpty() ? FreezeScope.everything() : FreezeScope.mountpoints(chosen));
  }

  /** The same request, freezing these file systems. */
  public SnapshotRequest freezeScope(FreezeScope which) {
    return new SnapshotRequest(
        name, disks, quiesce, which, freezeWindow, timeout, thawBound, lateCut, pausing, dryRun);
  }

  /** The same request with another freeze window. */
  public SnapshotRequest freezeWindow(Duration window) {
    return new SnapshotRequest(
        name, disks, quiesce, scope, window, timeout, thawBound, lateCut, pausing, dryRun);
  }

  /** The same request with another timeout. */
  public SnapshotRequest timeout(Duration limit) {
    return new SnapshotRequest(
        name, disks, quiesce, scope, freezeWindow, limit, thawBound, lateCut, pausing, dryRun);
  }

  /** The same request with another thaw bound. */
  public SnapshotRequest thawBound(Duration bound) {
    return new SnapshotRequest(
        name, disks, quiesce, scope, freezeWindow, timeout, bound, lateCut, pausing, dryRun);
  }

  /** The same request with another policy for late cuts. */
  public SnapshotRequest lateCut(LateCut policy) {
    return new SnapshotRequest(
        name, disks, quiesce, scope, freezeWindow, timeout, thawBound, policy, pausing, dryRun);
  }

  /** The same request with another policy for pauses. */
  public SnapshotRequest pausing(Pausing policy) {
    return new SnapshotRequest(
        name, disks, quiesce, scope, freezeWindow, timeout, thawBound, lateCut, policy, dryRun);
  }

  /** The same request as a rehearsal, or for real. */
  public SnapshotRequest dryRun(boolean rehearse) {
    return new SnapshotRequest(
        name, disks, quiesce, scope, freezeWindow, timeout, thawBound, lateCut, pausing, rehearse);
  }

  /**
   * The longest that the operation may take from its start to its result, also one that is asked to
   * stop: the timeout, and the thaw bound for each of letting the guest go, finding out what became
   * of the cut, undoing it, and cleaning up.
   */
  public Duration longest() {
    return timeout.plus(thawBound.multipliedBy(STRETCHES));
  }

  private static void positive(Duration duration, String what) {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException(what + " must be longer than nothing");
    }
    if (duration.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(what + " is at most " + LONGEST.toHours() + " hours");
    }
  }
}
