package dev.stillpoint.core.example;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Settlement;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** Copies of some disks: all or none. */
final class CopyCut implements Cut {
  private final Map<LocatedDisk, Path> copies;

  /** Those that are ours: a copy that was there before is never in it. */
  private final Set<Path> made = ConcurrentHashMap.newKeySet();

  private volatile boolean handedOver;

  CopyCut(Map<LocatedDisk, Path> copies) {
    this.copies = Map.copyOf(copies);
  }

  @Override
  public List<CutDisk> disks() {
    return copies.keySet().stream().map(LocatedDisk::guest).toList();
  }

  @Override
  public List<String> notCovered() {
    return List.of();
  }

  @Override
  public List<String> warnings() {
    return List.of();
  }

  /** One copy after the other: the coordinator then freezes every writer, or pauses the machine. */
  @Override
  public boolean isOneInstant() {
    return copies.size() == 1;
  }

  @Override
  public Duration expectedTime() {
    return Duration.ofMillis(copies.size());
  }

  @Override
  public List<Inventory> inventory() {
    return copies.entrySet().stream()
        .map(one ->
            new Inventory(
                one.getKey().name(),
                CopyMethod.NAME,
                "copy",
                one.getKey().source().address(),
                Optional.empty(),
                Map.of(),
                List.of(
                    new Belonging(Kind.FILE, "copy", one.getValue().toString(), Optional.empty()))))
        .toList();
  }

  @Override
  public CompletionStage<Void> reserve(Deadline deadline) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<CutReport> cut(Deadline deadline) {
    Instant from = Instant.now();
    return CompletableFuture.supplyAsync(() -> {
      copies.forEach(this::copy);
      return new CutReport(new PointInTime(from, Instant.now()), copies.size());
    });
  }

  /** Fails where a file of that name has appeared. */
  private void copy(LocatedDisk disk, Path to) {
    try {
      Files.copy(Path.of(disk.source().address()), to);
      made.add(to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public CompletionStage<Settlement> settle(Deadline deadline) {
    Settlement.State state =
        made.size() == copies.size()
            ? Settlement.State.APPLIED
            : made.isEmpty() ? Settlement.State.NOT_APPLIED : Settlement.State.PARTLY_APPLIED;
    handedOver = state == Settlement.State.APPLIED;
    List<DiskSnapshot> disks =
        copies.entrySet().stream().map(one -> result(one.getKey(), one.getValue())).toList();
    return CompletableFuture.completedFuture(new Settlement(state, disks, List.of()));
  }

  private static DiskSnapshot result(LocatedDisk disk, Path copy) {
    return new DiskSnapshot(
        disk.name(),
        CopyMethod.NAME,
        "copy",
        Optional.empty(),
        Optional.empty(),
        new DiskSource.File(copy, disk.source().format()));
  }

  @Override
  public CompletionStage<Void> undo(Deadline deadline) {
    handedOver = false;
    return clean(deadline);
  }

  @Override
  public CompletionStage<Void> clean(Deadline deadline) {
    return CompletableFuture.runAsync(() -> {
      if (!handedOver) {
        made.forEach(CopyCut::delete);
        made.clear();
      }
    });
  }

  private static void delete(Path copy) {
    try {
      Files.deleteIfExists(copy);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
