package dev.stillpoint.core.coordinator;

import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Settlement;
import java.util.ArrayList;
import java.util.List;
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
    return cuts.size() <= 1;
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
      reports.add(cut.cut(deadline).toCompletableFuture());
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

  /** Applied if any disk is cut: one that is cut while its sibling is not has to be undone. */
  CompletionStage<Settlement> settle(Deadline deadline) {
    CompletionStage<List<Settlement>> found = CompletableFuture.completedFuture(List.of());
    for (Cut cut : cuts) {
      found =
          found.thenCombine(
              cut.settle(deadline),
              (before, one) -> {
                var both = new ArrayList<>(before);
                both.add(one);
                return both;
              });
    }
    return found.thenApply(CutGroup::merge);
  }

  private static Settlement merge(List<Settlement> found) {
    List<DiskSnapshot> disks = new ArrayList<>();
    List<String> findings = new ArrayList<>();
    Settlement.State state = Settlement.State.NOT_APPLIED;
    for (Settlement one : found) {
      disks.addAll(one.disks());
      findings.addAll(one.findings());
      state = worse(state, one.state());
    }
    return new Settlement(state, disks, findings);
  }

  private static Settlement.State worse(Settlement.State one, Settlement.State other) {
    if (one == Settlement.State.UNKNOWN || other == Settlement.State.UNKNOWN) {
      return Settlement.State.UNKNOWN;
    }
    return one == Settlement.State.APPLIED ? one : other;
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
        cuts.stream()
            .map(action)
            .map(CompletionStage::toCompletableFuture)
            .toArray(CompletableFuture[]::new));
  }
}
