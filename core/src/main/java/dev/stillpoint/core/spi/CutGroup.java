package dev.stillpoint.core.spi;

import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.snapshot.SnapshotException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;

/**
 * Several cuts as one: all disks or none. Every step of it is that step of all of them, beside each
 * other, and fails after all have ended where one does.
 *
 * @param cuts in the order in which they are told of
 */
public record CutGroup(List<Cut> cuts) implements Cut {
  /** Copies the list. */
  public CutGroup {
    cuts = List.copyOf(cuts);
  }

  /** These, where two that can be made by one command are one from then on. */
  public static CutGroup of(List<Cut> cuts) {
    List<Cut> all = new ArrayList<>();
    for (Cut cut : cuts) {
      if (!join(all, cut)) {
        all.add(cut);
      }
    }
    return new CutGroup(all);
  }

  private static boolean join(List<Cut> all, Cut more) {
    for (int i = 0; i < all.size(); i++) {
      Optional<Cut> both = all.get(i).joinedWith(more);
      if (both.isPresent()) {
        all.set(i, both.get());
        return true;
      }
    }
    return false;
  }

  @Override
  public List<CutDisk> disks() {
    return cuts.stream().flatMap(cut -> cut.disks().stream()).toList();
  }

  @Override
  public List<String> notCovered() {
    return cuts.stream().flatMap(cut -> cut.notCovered().stream()).toList();
  }

  @Override
  public List<String> warnings() {
    return cuts.stream().flatMap(cut -> cut.warnings().stream()).toList();
  }

  /** One method cuts its whole group at one instant; several do not agree on one. */
  @Override
  public boolean isOneInstant() {
    return cuts.isEmpty() || (cuts.size() == 1 && cuts.get(0).isOneInstant());
  }

  /** Of the one that takes longest: they go beside each other. */
  @Override
  public Duration expectedTime() {
    return cuts.stream().map(Cut::expectedTime).max(Duration::compareTo).orElse(Duration.ZERO);
  }

  @Override
  public List<Inventory> inventory() {
    return cuts.stream().flatMap(cut -> cut.inventory().stream()).toList();
  }

  @Override
  public CompletionStage<Void> reserve(Deadline deadline) {
    return all(cut -> cut.reserve(deadline));
  }

  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    return all(cut -> cut.prepare(deadline));
  }

  /** All methods at the same moment; fails if one does, after every one has answered. */
  @Override
  public CompletionStage<CutReport> cut(Deadline deadline) {
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
  @Override
  public CompletionStage<Settlement> settle(Deadline deadline) {
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

  @Override
  public CompletionStage<Void> undo(Deadline deadline) {
    return all(cut -> cut.undo(deadline));
  }

  @Override
  public CompletionStage<Void> clean(Deadline deadline) {
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
