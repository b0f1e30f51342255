package dev.stillpoint.backends;

import dev.stillpoint.backends.qemu.QemuRemains;
import dev.stillpoint.core.coordinator.MethodSet;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Remains;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.qmp.QmpClient;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * What became of the snapshots that the storages of an operation were to make that did not end. No
 * machine uses them, so that those which are of no use are simply removed: of a cut that was not
 * made, not made whole, or taken back. Asked after {@link OwedDisks}. Used once.
 */
final class OwedSnapshots {
  /** What is known of the disks of the same operation that QEMU was to cut. */
  private enum Others {
    NONE,
    APPLIED,
    NOT_APPLIED,
    UNCLEAR
  }

  /** Of disks that no single command has cut. */
  private static final String APART =
      "how consistent the cut is was not proved: take each disk by itself for crash-consistent, and"
          + " not all of them for one instant";

  private final Recovery recovery;
  private final RecoveryRecord record;
  private final RecoveryAccount account;
  private final Map<String, List<Inventory>> byMethod = new LinkedHashMap<>();
  private final MethodSet methods;

  OwedSnapshots(
      Recovery recovery,
      RecoveryRecord record,
      RecoveryAccount account,
      Optional<QmpClient> monitor) {
    this.recovery = recovery;
    this.record = record;
    this.account = account;
    Services services =
        monitor.map(one -> Services.none().with(QmpClient.class, one)).orElseGet(Services::none);
    this.methods = MethodSet.installed(List.of(), services);
    for (Inventory disk : record.entry().disks()) {
      if (!disk.belongings().isEmpty() && !QemuRemains.knows(disk)) {
        byMethod.computeIfAbsent(disk.method(), name -> new ArrayList<>()).add(disk);
      }
    }
  }

  void judge() {
    if (byMethod.isEmpty()) {
      return;
    }
    Others others = others();
    Map<SnapshotMethod, Remains> found = new LinkedHashMap<>();
    byMethod.forEach((name, disks) -> {
      Optional<SnapshotMethod> method = methods.find(name);
      if (method.isEmpty()) {
        disks.forEach(disk -> leave(disk, "the method " + name + " is not installed"));
        return;
      }
      try {
        Remains remains = joined(method.get().find(operation(), disks, soon()));
        remains.doubtful().forEach(what -> account.left.add("left alone: " + what));
        found.put(method.get(), remains);
      } catch (SnapshotException e) {
        disks.forEach(disk -> leave(disk, e.failure().message()));
      }
    });
    if (found.size() < byMethod.size()) {
      return;
    }
    if (record.wasNeverCut() || record.undoBegun() || others == Others.NOT_APPLIED) {
      discard(found);
    } else if (others == Others.UNCLEAR) {
      found.forEach(this::list);
    } else if (isWhole(found)) {
      handOver(found);
    } else if (others == Others.APPLIED) {
      account.left.add("only some of the disks are cut; nothing was removed");
      found.forEach(this::list);
    } else {
      discard(found);
    }
  }

  private Others others() {
    boolean any =
        record.entry().disks().stream()
            .anyMatch(disk -> !disk.belongings().isEmpty() && QemuRemains.knows(disk));
    if (!any) {
      return Others.NONE;
    }
    if (!account.applied.isEmpty()) {
      return Others.APPLIED;
    }
    return account.left.isEmpty() ? Others.NOT_APPLIED : Others.UNCLEAR;
  }

  private static boolean isWhole(Map<SnapshotMethod, Remains> found) {
    return found.values().stream()
        .allMatch(one -> one.absent().isEmpty() && one.doubtful().isEmpty());
  }

  private void handOver(Map<SnapshotMethod, Remains> found) {
    var all = new ArrayList<>(account.applied);
    found.values().forEach(one -> all.addAll(one.present()));
    account.applied = List.copyOf(all);
    boolean alone = all.size() == 1;
    // What let the guest go after the kill may have done so before the last storage was done.
    account.notes.remove(OwedDisks.CRASH);
    account.notes.add(alone ? OwedDisks.CRASH : APART);
  }

  /** Also where nothing is found: what was only begun is no snapshot, and is to be removed too. */
  private void discard(Map<SnapshotMethod, Remains> found) {
    found.forEach((method, remains) -> {
      List<String> names = remains.present().stream().map(OwedSnapshots::name).toList();
      String what = "the " + method.name() + " snapshots " + names;
      if (recovery.dryRun()) {
        names.stream().findAny().ifPresent(any -> account.done.add("would remove " + what));
        return;
      }
      record.notApplied();
      List<Inventory> disks = byMethod.getOrDefault(method.name(), List.of());
      try {
        joined(method.discard(operation(), disks, soon()));
        names.stream().findAny().ifPresent(any -> account.done.add("removed " + what));
      } catch (SnapshotException e) {
        account.left.add(what + ": " + e.failure().message());
      }
    });
  }

  /** Of one that is not there, what was only begun may be, and nobody would know of it. */
  private void list(SnapshotMethod method, Remains remains) {
    remains.present().forEach(this::list);
    for (Inventory disk : byMethod.getOrDefault(method.name(), List.of())) {
      if (remains.absent().contains(disk.disk())) {
        account.left.add(
            "disk %s: the %s snapshot %s is not there, and what was begun of it may be"
                .formatted(
                    disk.disk(),
                    method.name(),
                    disk.belongings().stream().map(Belonging::name).toList()));
      }
    }
  }

  private void list(DiskSnapshot disk) {
    account.left.add("disk " + disk.disk() + ": the snapshot " + name(disk));
  }

  private static String name(DiskSnapshot disk) {
    return disk.disk() + " in " + disk.backupSource();
  }

  private void leave(Inventory disk, String why) {
    account.left.add(
        "disk "
            + disk.disk()
            + ": what became of "
            + disk.belongings().stream().map(Belonging::name).toList()
            + " cannot be told: "
            + why);
  }

  private String operation() {
    return record.entry().operationId();
  }

  private Deadline soon() {
    return Deadline.after(recovery.undoBound());
  }

  private static <T> T joined(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().join();
    } catch (CompletionException e) {
      throw new SnapshotException(SnapshotException.failureOf(e, ErrorCode.INTERNAL), e);
    }
  }
}
