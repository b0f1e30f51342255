package dev.stillpoint.backends.storage;

import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Settlement;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/**
 * One cut by a storage. A snapshot that is there is used by no machine, so that it may always be
 * removed again until the caller is told of it.
 */
final class StorageCut implements Cut {
  private final Storage storage;
  private final String operationId;
  private final List<PlannedSnapshot> planned;
  private final List<StorageSnapshot> snapshots;
  private final Prospect prospect;

  private volatile CompletableFuture<?> preparing = CompletableFuture.completedFuture(null);
  private volatile CompletableFuture<?> cutting = CompletableFuture.completedFuture(null);
  private volatile boolean handedOver;
  private volatile boolean gone;

  StorageCut(
      Storage storage, String operationId, List<PlannedSnapshot> planned, Prospect prospect) {
    this.storage = storage;
    this.operationId = operationId;
    this.planned = List.copyOf(planned);
    Set<StorageSnapshot> distinct = new LinkedHashSet<>();
    planned.forEach(one -> distinct.add(one.snapshot()));
    this.snapshots = List.copyOf(distinct);
    this.prospect = prospect;
  }

  @Override
  public List<CutDisk> disks() {
    return planned.stream().map(one -> one.disk().guest()).toList();
  }

  @Override
  public List<String> notCovered() {
    return List.of();
  }

  @Override
  public List<String> warnings() {
    return prospect.warnings();
  }

  @Override
  public boolean isOneInstant() {
    return prospect.oneInstant();
  }

  @Override
  public Duration expectedTime() {
    return prospect.expectedTime();
  }

  @Override
  public List<Inventory> inventory() {
    return planned.stream().map(one -> StorageInventory.of(storage.name(), one, gone)).toList();
  }

  /** No storage can reserve a snapshot's name; that it was free has been checked. */
  @Override
  public CompletionStage<Void> reserve(Deadline deadline) {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    // Linked now, and not while the guest is held.
    var unused = making(Instant.now(), deadline);
    CompletableFuture<Void> done =
        StorageStep.doing(
            ErrorCode.PREPARE_FAILED, () -> storage.prepare(snapshots, operationId, deadline));
    preparing = done;
    return done;
  }

  @Override
  public CompletionStage<CutReport> cut(Deadline deadline) {
    Instant from = Instant.now();
    CompletableFuture<CutReport> done =
        StorageStep.asking(ErrorCode.CUT_FAILED, making(from, deadline));
    cutting = done;
    return done;
  }

  private StorageStep<CutReport> making(Instant from, Deadline deadline) {
    return () -> {
      storage.cut(snapshots, operationId, deadline);
      return new CutReport(new PointInTime(from, Instant.now()), 1);
    };
  }

  @Override
  public CompletionStage<Settlement> settle(Deadline deadline) {
    return StorageStep.asking(ErrorCode.CUT_FAILED, () -> settleNow(deadline));
  }

  private Settlement settleNow(Deadline deadline) {
    List<DiskSnapshot> results =
        planned.stream().map(one -> StorageInventory.result(storage.name(), one)).toList();
    if (!ended(cutting, deadline)) {
      return new Settlement(
          Settlement.State.UNKNOWN,
          results,
          List.of("the " + storage.name() + " snapshot is still under way"));
    }
    List<StorageSnapshot> present;
    List<String> findings = new ArrayList<>();
    try {
      present = those(EnumSet.of(Presence.OURS), deadline);
      for (StorageSnapshot one : those(EnumSet.of(Presence.FOREIGN), deadline)) {
        findings.add(
            "there is a "
                + storage.name()
                + " snapshot "
                + one.name()
                + " now that was not there before, and that nothing shows to be this operation's");
      }
    } catch (IOException e) {
      return new Settlement(
          Settlement.State.UNKNOWN, results, List.of(String.valueOf(e.getMessage())));
    }
    if (present.isEmpty()) {
      return new Settlement(Settlement.State.NOT_APPLIED, List.of(), findings);
    }
    if (present.size() < snapshots.size()) {
      findings.add(
          "only "
              + present.size()
              + " of "
              + snapshots.size()
              + " "
              + storage.name()
              + " snapshots were made");
      return new Settlement(Settlement.State.PARTLY_APPLIED, List.of(), findings);
    }
    handedOver = true;
    return new Settlement(Settlement.State.APPLIED, results, List.of());
  }

  private List<StorageSnapshot> those(Set<Presence> wanted, Deadline deadline) throws IOException {
    List<StorageSnapshot> found = new ArrayList<>();
    for (StorageSnapshot snapshot : snapshots) {
      if (wanted.contains(storage.find(snapshot, operationId, deadline))) {
        found.add(snapshot);
      }
    }
    return found;
  }

  @Override
  public CompletionStage<Void> undo(Deadline deadline) {
    return StorageStep.doing(
        ErrorCode.UNDO_FAILED,
        () -> {
          remove(deadline);
          handedOver = false;
        });
  }

  @Override
  public CompletionStage<Void> clean(Deadline deadline) {
    return StorageStep.doing(
        ErrorCode.CLEANUP_FAILED,
        () -> {
          if (!handedOver) {
            remove(deadline);
          }
        });
  }

  /** What is still being made would come after its removal. */
  private void remove(Deadline deadline) throws IOException {
    if (!ended(preparing, deadline) || !ended(cutting, deadline)) {
      throw new IOException(
          "the "
              + storage.name()
              + " snapshot is still under way; when it is done, these are to be removed: "
              + snapshots.stream().map(StorageSnapshot::name).toList());
    }
    for (StorageSnapshot snapshot : those(EnumSet.of(Presence.OURS, Presence.BEGUN), deadline)) {
      storage.delete(snapshot, deadline);
    }
    gone = true;
  }

  /** Whether something has ended, however; waits for it until the deadline. */
  private static boolean ended(CompletableFuture<?> future, Deadline deadline) {
    return future
        .handle((value, thrown) -> true)
        .completeOnTimeout(false, deadline.remaining().toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }
}
