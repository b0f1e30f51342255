package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.core.transaction.Survey.Together;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What was seen on the way, from which the result is told at the end. Confined to the runner's
 * thread; noting something in the hold is a store into a field, no more.
 */
final class Findings {
  private final SnapshotName name;
  private final List<String> warnings = new ArrayList<>();
  private final Set<String> reasons = new LinkedHashSet<>();
  private final List<Failure> failures = new ArrayList<>();

  private @Nullable Survey survey;
  private @Nullable FreezeReport freeze;
  private @Nullable CutReport cut;
  private @Nullable ThawReport thaw;
  private @Nullable Settlement settlement;
  private long freezeWrittenNanos;
  private boolean freezeWritten;
  private boolean thawAsked;
  private boolean cutAsked;
  private boolean cutInFreeze;
  private boolean cutLate;
  private boolean ranInTheCut;
  private long pauseNanos;
  private long pausedNanos;

  Findings(SnapshotName name) {
    this.name = name;
  }

  void surveyed(Survey found) {
    survey = found;
    warnings.addAll(found.warnings());
    reasons.addAll(found.reasons());
  }

  void freezeAsked(long nanos) {
    freezeWritten = true;
    freezeWrittenNanos = nanos;
  }

  void freezeNotWritten() {
    freezeWritten = false;
  }

  void frozen(FreezeReport report) {
    freeze = report;
    freezeWrittenNanos = report.writtenNanos();
  }

  void cutAsked() {
    cutAsked = true;
    cutInFreeze = freeze != null && !thawAsked;
  }

  void cutDone(CutReport report) {
    cut = report;
  }

  void thawAsked() {
    thawAsked = true;
    cutLate |= cutAsked && cut == null;
  }

  void thawed(ThawReport report) {
    thaw = report;
    warnings.addAll(report.warnings());
  }

  void pauseAsked(long nanos) {
    pauseNanos = nanos;
  }

  void resumeAsked() {
    ranInTheCut |= cutAsked && cut == null;
  }

  void resumed(long nanos) {
    if (pauseNanos != 0) {
      pausedNanos = nanos - pauseNanos;
    }
  }

  void settled(Settlement found) {
    settlement = found;
    warnings.addAll(found.findings());
  }

  void failed(Failure failure) {
    failures.add(failure);
  }

  boolean owesThaw() {
    return freezeWritten && thaw == null;
  }

  boolean owesResume() {
    return pauseNanos != 0 && pausedNanos == 0;
  }

  /** What is known of the guest, from what was asked and answered alone. */
  GuestState guest() {
    if (owesThaw()) {
      return GuestState.MAYBE_FROZEN;
    }
    if (owesResume()) {
      return GuestState.MAYBE_PAUSED;
    }
    return thaw == null ? GuestState.NEVER_FROZEN : GuestState.THAWED;
  }

  /**
   * What is told.
   *
   * @param pauseDoubt why the machine may have run while it was to stand still
   */
  SnapshotResult result(State.Done end, Optional<String> pauseDoubt) {
    boolean cutStands =
        end.outcome() == Outcome.SUCCEEDED
            && settlement != null
            && settlement.state() == Settlement.State.APPLIED;
    Consistency consistency = cutStands ? consistency(pauseDoubt) : Consistency.NONE;
    noteTroubleOnTheWay(end);
    return new SnapshotResult(
        name,
        end.outcome(),
        consistency,
        List.copyOf(reasons),
        cutStands ? pointInTime() : Optional.empty(),
        frozenFor(),
        heldFor(),
        cut != null && cutInFreeze ? cut.commands() : 0,
        Duration.ofNanos(pausedNanos),
        end.guest(),
        cutStands || end.outcome() == Outcome.UNKNOWN ? disks() : List.of(),
        survey == null ? List.of() : survey.notCovered(),
        List.copyOf(new LinkedHashSet<>(warnings)),
        end.failure());
  }

  /**
   * The bare end, where the whole of what was seen cannot be told. A success whose images nobody is
   * told of is none.
   */
  SnapshotResult untold(State.Done end, Throwable why) {
    Failure failure = Failure.of(ErrorCode.INTERNAL, "the result cannot be told: " + why);
    boolean succeeded = end.outcome() == Outcome.SUCCEEDED;
    return new SnapshotResult(
        name,
        succeeded ? Outcome.UNKNOWN : end.outcome(),
        Consistency.NONE,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        0,
        Duration.ZERO,
        end.guest(),
        List.of(),
        List.of(),
        List.of(),
        Optional.of(end.failure().orElse(failure)));
  }

  private Consistency consistency(Optional<String> pauseDoubt) {
    // Only cuts of several methods are held by a pause; without it they are no one instant.
    boolean needsPause = pauseNanos != 0;
    boolean stood = needsPause && !ranInTheCut && pauseDoubt.isEmpty();
    Together together = survey == null ? Together.ONE_INSTANT : survey.together();
    if (cutLate) {
      reasons.add("the cut was not confirmed while the guest was held");
      return needsPause || together != Together.ONE_INSTANT ? Consistency.NONE : Consistency.CRASH;
    }
    if (cutInFreeze && thaw != null) {
      reasons.addAll(thaw.reasons());
      boolean one =
          switch (together) {
            case ONE_INSTANT -> !needsPause || stood;
            case WHILE_FROZEN -> thaw.freezeHeld();
            case APART -> false;
          };
      if (one) {
        return thaw.reached();
      }
    }
    if (needsPause && !stood) {
      reasons.add(pauseDoubt.orElse("the machine was resumed before the cut was confirmed"));
      return Consistency.NONE;
    }
    if (freezeWritten && freeze == null) {
      reasons.add("the freeze was not confirmed within the freeze window");
    }
    if (together != Together.ONE_INSTANT) {
      reasons.add("the disks were not cut at one instant");
      return Consistency.NONE;
    }
    return Consistency.CRASH;
  }

  /** A failure that the outcome does not name must not be lost: it explains or it warns. */
  private void noteTroubleOnTheWay(State.Done end) {
    for (Failure failure : failures) {
      if (end.failure().filter(failure::equals).isPresent()) {
        continue;
      }
      switch (failure.code()) {
        case FREEZE_FAILED, AGENT_UNAVAILABLE -> reasons.add(failure.message());
        default -> warnings.add(failure.message());
      }
    }
  }

  private Optional<PointInTime> pointInTime() {
    return cut == null ? Optional.empty() : Optional.of(cut.pointInTime());
  }

  private List<DiskSnapshot> disks() {
    return settlement == null ? List.of() : settlement.disks();
  }

  private Optional<Duration> frozenFor() {
    return freezeWritten && thaw != null
        ? Optional.of(Duration.ofNanos(thaw.repliedNanos() - freezeWrittenNanos))
        : Optional.empty();
  }

  private Optional<Duration> heldFor() {
    return freeze != null && thaw != null
        ? Optional.of(Duration.ofNanos(thaw.firstWrittenNanos() - freeze.repliedNanos()))
        : Optional.empty();
  }
}
