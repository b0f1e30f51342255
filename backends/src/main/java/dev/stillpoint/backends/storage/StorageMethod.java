package dev.stillpoint.backends.storage;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.Remains;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** A snapshot method over a {@link Storage}: the machine keeps its disk. */
public final class StorageMethod implements SnapshotMethod {
  private final Storage storage;

  /** The method over this storage. */
  public StorageMethod(Storage storage) {
    this.storage = storage;
  }

  @Override
  public String name() {
    return storage.name();
  }

  @Override
  public MethodTraits traits() {
    return storage.traits();
  }

  @Override
  public CompletionStage<Cut> check(CutOrder order, Deadline deadline) {
    return StorageStep.asking(ErrorCode.DISK_UNSUITABLE, () -> checkNow(order, deadline));
  }

  private Cut checkNow(CutOrder order, Deadline deadline) throws IOException {
    List<PlannedSnapshot> planned = new ArrayList<>();
    for (LocatedDisk disk : order.disks()) {
      planned.add(storage.plan(disk, order.name(), order.operationId(), deadline));
    }
    Set<StorageSnapshot> snapshots = new LinkedHashSet<>();
    planned.forEach(one -> snapshots.add(one.snapshot()));
    Prospect prospect = storage.check(List.copyOf(snapshots), deadline);
    return storage.joinable(new StorageCut(storage, order.operationId(), planned, prospect));
  }

  @Override
  public CompletionStage<List<StoredSnapshot>> list(LocatedDisk disk, Deadline deadline) {
    return StorageStep.asking(ErrorCode.DISK_UNSUITABLE, () -> storage.list(disk, deadline));
  }

  @Override
  public CompletionStage<Void> revert(LocatedDisk disk, SnapshotName name, Deadline deadline) {
    return StorageStep.doing(
        ErrorCode.DISK_UNSUITABLE,
        () -> {
          storage.revert(existing(disk, name, deadline), deadline);
        });
  }

  @Override
  public CompletionStage<Optional<DiskSource>> delete(
      LocatedDisk disk, SnapshotName name, Deadline deadline) {
    return StorageStep.asking(
        ErrorCode.CLEANUP_FAILED,
        () -> {
          storage.delete(existing(disk, name, deadline).snapshot(), deadline);
          return Optional.empty();
        });
  }

  private PlannedSnapshot existing(LocatedDisk disk, SnapshotName name, Deadline deadline)
      throws IOException {
    PlannedSnapshot planned = storage.plan(disk, name, deadline);
    if (storage.find(planned.snapshot(), "", deadline) == Presence.ABSENT) {
      throw disk.refusal(
          ErrorCode.NO_SUCH_SNAPSHOT,
          "there is no snapshot '"
              + name
              + "' of '"
              + disk.name()
              + "': "
              + planned.snapshot().name()
              + " is not there");
    }
    return planned;
  }

  @Override
  public CompletionStage<Remains> find(
      String operationId, List<Inventory> disks, Deadline deadline) {
    return StorageStep.asking(
        ErrorCode.DISK_UNSUITABLE, () -> findNow(operationId, disks, deadline));
  }

  private Remains findNow(String operationId, List<Inventory> disks, Deadline deadline)
      throws IOException {
    List<DiskSnapshot> present = new ArrayList<>();
    List<String> absent = new ArrayList<>();
    List<String> doubtful = new ArrayList<>();
    for (Inventory disk : disks) {
      StorageSnapshot snapshot = StorageInventory.snapshot(disk);
      switch (storage.find(snapshot, operationId, deadline)) {
        case OURS -> present.add(StorageInventory.result(disk));
        case ABSENT, BEGUN -> absent.add(disk.disk());
        case FOREIGN ->
            doubtful.add(
                "the "
                    + name()
                    + " snapshot "
                    + snapshot.name()
                    + ", which nothing shows to be the operation's");
      }
    }
    return new Remains(present, absent, doubtful);
  }

  @Override
  public CompletionStage<Void> discard(
      String operationId, List<Inventory> disks, Deadline deadline) {
    return StorageStep.doing(
        ErrorCode.CLEANUP_FAILED,
        () -> {
          Set<StorageSnapshot> snapshots = new LinkedHashSet<>();
          disks.forEach(disk -> snapshots.add(StorageInventory.snapshot(disk)));
          for (StorageSnapshot snapshot : snapshots) {
            Presence found = storage.find(snapshot, operationId, deadline);
            if (found == Presence.OURS || found == Presence.BEGUN) {
              storage.delete(snapshot, deadline);
            }
          }
        });
  }
}
