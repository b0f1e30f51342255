package dev.stillpoint.core.coordinator;

import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Settlement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/** The cuts of all methods as one: all disks or none. */
record CutGroup(List<Cut> cuts) {

  List<CutDisk> disks() {
    return cuts.stream().flatMap(cut -> cut.disks().stream()).toList();
  }

  List<String> notCovered() {
    return cuts.stream().flatMap(cut -> cut.notCovered().stream()).toList();
  }

  List<String> warnings() {
    return cuts.stream().flatMap(cut -> cut.warnings().stream()).toList();
  }

  /** One method cuts its whole group at one instant; several do not agree on one. */
  boolean isOneInstant() {
    return cuts.isEmpty() || (cuts.size() == 1 && cuts.get(0).isOneInstant());
  }

  /** Of the one that takes longest: they go beside each other. */
  Duration expectedTime() {
    return cuts.stream().map(Cut::expectedTime).max(Duration::compareTo).orElse(Duration.ZERO);
  }

  List<Inventory> inventory() {
    return cuts.stream().flatMap(cut -> cut.inventory().stream()).toList();
  }

  CompletionStage<Void> reserve(Deadline deadline) {
    return all(cut -> cut.reserve(deadline));
  }

  CompletionStage<Void> prepare(Deadline deadline) {
    return all(cut -> cut.prepare(deadline));
  }

  /** All methods at the same moment; fails if one does, after every one has answered. */
  CompletionStage<CutReport> cut(Deadline deadline) {
    if (cuts.size() == 1) {
      return cuts.get(0).cut(deadline);
    }
    List<CompletableFuture<CutReport>> reports = new ArrayList<>();
    for (Cut cut : cuts) {
      reports.add(asked(cut, one -> one.cut(deadline)));
    }
    return CompletableFuture.allOf(reports.toArray(CompletableFuture[]::new))
        .thenApply(done -> merged(reports.stream().map(CompletableFuture::join).toList()));
  }

  private static CutReport merged(List<CutReport> reports) {
    PointInTime whole = reports.get(0).pointInTime();
    int commands = 0;
    for (CutReport report : reports) {
      PointInTime one = report.pointInTime();
      whole =
          new PointInTime(
              one.from().isBefore(whole.from()) ? one.from() : whole.from(),
              one.to().isAfter(whole.to()) ? one.to() : whole.to());
      commands += report.commands();
    }
    return new CutReport(whole, commands);
  }

  /** Applied if every disk is cut, partly if any is while its sibling is not. */
  CompletionStage<Settlement> settle(Deadline deadline) {
    CompletionStage<List<Settlement>> found = CompletableFuture.completedFuture(List.of());
    for (Cut cut : cuts) {
      CompletionStage<Settlement> one =
          asked(cut, it -> it.settle(deadline)).exceptionally(CutGroup::unseen);
      found =
          found.thenCombine(
              one,
              (before, more) -> {
                var both = new ArrayList<>(before);
                both.add(more);
                return both;
              });
    }
    return found.thenApply(CutGroup::merge);
  }

  /** What one cannot tell must not hide what the others have found. */
  private static Settlement unseen(Throwable thrown) {
    String why = SnapshotException.failureOf(thrown, ErrorCode.CUT_FAILED).message();
    return new Settlement(Settlement.State.UNKNOWN, List.of(), List.of(why));
  }

  private static Settlement merge(List<Settlement> found) {
    List<DiskSnapshot> disks = new ArrayList<>();
    List<String> findings = new ArrayList<>();
    Set<Settlement.State> states = EnumSet.noneOf(Settlement.State.class);
    for (Settlement one : found) {
      disks.addAll(one.disks());
      findings.addAll(one.findings());
      states.add(one.state());
    }
    return new Settlement(merged(states), disks, findings);
  }

  private static Settlement.State merged(Set<Settlement.State> states) {
    if (states.contains(Settlement.State.UNKNOWN)) {
      return Settlement.State.UNKNOWN;
    }
    return states.size() == 1
        ? states.iterator().next()
        : states.isEmpty() ? Settlement.State.NOT_APPLIED : Settlement.State.PARTLY_APPLIED;
  }

  CompletionStage<Void> undo(Deadline deadline) {
    return all(cut -> cut.undo(deadline));
  }

  CompletionStage<Void> clean(Deadline deadline) {
    return all(cut -> cut.clean(deadline));
  }

  /** Everybody does it, also when one fails; the first failure is told. */
  private CompletionStage<Void> all(Function<Cut, CompletionStage<Void>> action) {
    return CompletableFuture.allOf(
        cuts.stream().map(cut -> asked(cut, action)).toArray(CompletableFuture[]::new));
  }

  /** One that throws instead of answering keeps nobody else from being asked. */
  private static <T> CompletableFuture<T> asked(Cut cut, Function<Cut, CompletionStage<T>> action) {
    try {
      return action.apply(cut).toCompletableFuture();
    } catch (RuntimeException | Error e) {
      return CompletableFuture.failedFuture(e);
    }
  }
}
