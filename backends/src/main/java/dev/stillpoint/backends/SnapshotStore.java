package dev.stillpoint.backends;

import dev.stillpoint.backends.disks.BareDisks;
import dev.stillpoint.backends.disks.MachineDisks;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.backends.qemu.chain.OtherOverlays;
import dev.stillpoint.core.coordinator.MethodSet;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.DiskLocator;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.BiFunction;

/**
 * The snapshots that a disk's storage keeps: lists them, brings the disk back to one, removes one.
 * Every method blocks its caller, and throws {@link SnapshotException} when it fails. Immutable;
 * safe for use by several threads.
 */
public final class SnapshotStore {
  private final Optional<QmpClient> monitor;
  private final DiskLocator locator;
  private final MethodSet methods;

  private SnapshotStore(Optional<QmpClient> monitor) {
    this.monitor = monitor;
    Services services =
        monitor.map(one -> Services.none().with(QmpClient.class, one)).orElseGet(Services::none);
    List<SnapshotMethod> own = new ArrayList<>();
    own.add(
        monitor
            .map(one -> new QemuOverlays(one, Optional.empty()))
            .orElseGet(QemuOverlays::withoutMachine));
    this.locator =
        monitor.isPresent() ? new MachineDisks(monitor.get()) : BareDisks.withSnapshots();
    this.methods = MethodSet.installed(own, services);
  }

  /**
   * That of bare disks: files and volumes of this host by their paths. Where no method is named, it
   * is {@code qemu} for an overlay of that method, and else the one that would cut the disk.
   */
  public static SnapshotStore ofBareDisks() {
    return new SnapshotStore(Optional.empty());
  }

  /** That of the disks of a running machine. The client stays the caller's. */
  public static SnapshotStore of(QmpClient monitor) {
    return new SnapshotStore(Optional.of(monitor));
  }

  /** The snapshots of a disk that its method keeps, oldest first where that is known. */
  public List<StoredSnapshot> list(SelectedDisk disk, Deadline deadline) {
    LocatedDisk located = located(disk, deadline);
    return joined(method(located).list(located, deadline));
  }

  /**
   * Brings a disk back to a snapshot; what was written since is lost. The snapshot stays.
   *
   * @throws SnapshotException with {@link ErrorCode#DISK_IN_USE} where somebody uses the disk or
   *     may use it, or an overlay beside it lies on it, {@link ErrorCode#NO_SUCH_SNAPSHOT}, {@link
   *     ErrorCode#BUSY} where another operation works on it, or whatever the storage says
   */
  public void revert(SelectedDisk disk, SnapshotName name, Deadline deadline) {
    change(
        disk,
        "revert to " + name,
        deadline,
        (method, it) -> {
          requireNothingAbove(it);
          return method.revert(it, name, deadline);
        });
  }

  /** What lies on an image is whole only together with what the image holds now. */
  private static void requireNothingAbove(LocatedDisk disk) {
    if (!(disk.source() instanceof DiskSource.File file)
        || disk.selected().method().filter(QemuOverlays.NAME::equals).isPresent()) {
      return;
    }
    try {
      Optional<Path> above = OtherOverlays.on(file.path(), file.path());
      if (above.isPresent()) {
        throw disk.refusal(
            ErrorCode.DISK_IN_USE,
            above.get()
                + " is an overlay on "
                + file.path()
                + ", and of no use without what that"
                + " holds now");
      }
    } catch (IOException e) {
      throw disk.refusal(
          ErrorCode.DISK_IN_USE,
          "whether an overlay lies on " + file.path() + " cannot be told: " + e.getMessage());
    }
  }

  /**
   * Removes a snapshot, for ever. Fails as {@link #revert} does; the disk may be in use.
   *
   * @return what the disk is written to from now on, where that is another than before, as after
   *     the newest overlay of the method {@code qemu} was merged: persist it, the machine must not
   *     start from what it wrote to before; empty where the machine keeps its disk
   */
  public Optional<DiskSource> delete(SelectedDisk disk, SnapshotName name, Deadline deadline) {
    return change(
        disk, "delete of " + name, deadline, (method, it) -> method.delete(it, name, deadline));
  }

  private <T> T change(
      SelectedDisk disk,
      String what,
      Deadline deadline,
      BiFunction<SnapshotMethod, LocatedDisk, CompletionStage<T>> action) {
    List<Endpoint> endpoints = monitor.map(QmpClient::endpoint).map(List::of).orElse(List.of());
    try (MachineLock lock =
        MachineLock.take(endpoints, SnapshotCoordinator.newOperationId(), what)) {
      monitor.map(QmpClient::peerPid).ifPresent(lock::takeQemu);
      if (monitor.isEmpty()) {
        lock.takeDisks(List.of(disk.name()));
      }
      LocatedDisk located = located(disk, deadline);
      return joined(action.apply(method(located), located));
    }
  }

  private LocatedDisk located(SelectedDisk disk, Deadline deadline) {
    return joined(locator.locate(List.of(disk), deadline)).disks().get(0);
  }

  private SnapshotMethod method(LocatedDisk disk) {
    return methods.require(disk.selected().method().orElseThrow(), disk.name());
  }

  private static <T> T joined(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().join();
    } catch (CompletionException e) {
      throw new SnapshotException(SnapshotException.failureOf(e, ErrorCode.INTERNAL), e);
    }
  }
}
