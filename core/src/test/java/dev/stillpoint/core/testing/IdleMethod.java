package dev.stillpoint.core.testing;

import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.SnapshotMethod;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * A method that cuts nothing, at once, and says that it did: two of them make the machine pause.
 * For tests that need a method and none of its doings; what one of them is about is overridden.
 */
public class IdleMethod implements SnapshotMethod, Cut {
  private final String name;

  /** A method of this name. */
  public IdleMethod(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public MethodTraits traits() {
    return new MethodTraits(MethodTraits.Span.GROUP, Duration.ZERO, true, Set.of(), Set.of());
  }

  private static <T> CompletionStage<T> done(T value) {
    return CompletableFuture.completedFuture(value);
  }

  private static CompletionStage<Void> done() {
    return CompletableFuture.runAsync(() -> {}, Runnable::run);
  }

  @Override
  public CompletionStage<Cut> check(CutOrder order, Deadline deadline) {
    return done(this);
  }

  @Override
  public List<CutDisk> disks() {
    return List.of();
  }

  @Override
  public List<String> notCovered() {
    return List.of();
  }

  @Override
  public List<String> warnings() {
    return List.of();
  }

  @Override
  public boolean isOneInstant() {
    return true;
  }

  @Override
  public Duration expectedTime() {
    return Duration.ZERO;
  }

  @Override
  public List<Inventory> inventory() {
    return List.of();
  }

  @Override
  public CompletionStage<Void> reserve(Deadline deadline) {
    return done();
  }

  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    return done();
  }

  @Override
  public CompletionStage<CutReport> cut(Deadline deadline) {
    Instant now = Instant.now();
    return done(new CutReport(new PointInTime(now, now), 0));
  }

  @Override
  public CompletionStage<Settlement> settle(Deadline deadline) {
    return done(new Settlement(Settlement.State.APPLIED, List.of(), List.of()));
  }

  @Override
  public CompletionStage<Void> undo(Deadline deadline) {
    return done();
  }

  @Override
  public CompletionStage<Void> clean(Deadline deadline) {
    return done();
  }
}
