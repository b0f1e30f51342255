package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.storage.PlannedSnapshot;
import dev.stillpoint.backends.storage.Presence;
import dev.stillpoint.backends.storage.Prospect;
import dev.stillpoint.backends.storage.Storage;
import dev.stillpoint.backends.storage.StorageSnapshot;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.MethodTraits.Ability;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.command.QmpCommand;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.BlockdevSnapshotDeleteInternalSync;
import dev.stillpoint.qmp.qapi.BlockdevSnapshotInternal;
import dev.stillpoint.qmp.qapi.Transaction;
import dev.stillpoint.qmp.qapi.TransactionAction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Snapshots that a qcow2 image keeps inside itself. Of a running machine by QEMU, all disks in one
 * {@code transaction} of {@code blockdev-snapshot-internal-sync}; of an image that nobody uses by
 * {@code qemu-img snapshot}.
 *
 * <p>A qcow2 keeps nothing of a snapshot but a name and a time, so that the operation is part of
 * the name: {@code nightly.sp-00c0ffee}.
 */
final class QemuInternal implements Storage {
  static final String NAME = "qemu-internal";

  private static final MethodTraits TRAITS =
      new MethodTraits(
          MethodTraits.Span.GROUP,
          Duration.ofMillis(10),
          true,
          Set.of(Ability.LIST, Ability.REVERT, Ability.DELETE));

  /** QEMU counts the references of every cluster anew: for a gibibyte that is used, about this. */
  private static final Duration PER_GIBIBYTE = Duration.ofMillis(5);

  private static final int GIBIBYTE_BITS = 30;

  private static final String IMAGE = "image";
  private static final String NAMED = "named";
  private static final String INSIDE = "inside";
  private static final String NODE = "node";

  private final Optional<Monitor> monitor;
  private final ImageTool tool;

  QemuInternal(Optional<QmpClient> client, Programs programs) {
    this.monitor = client.map(Monitor::new);
    this.tool = new ImageTool(programs);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public MethodTraits traits() {
    return TRAITS;
  }

  @Override
  public PlannedSnapshot plan(LocatedDisk disk, SnapshotName name, Deadline deadline)
      throws IOException {
    Path image = image(disk);
    String inside =
        stored(image.toString(), deadline).stream()
            .filter(one -> one.name().equals(name.text()))
            .map(StoredSnapshot::place)
            .findFirst()
            .orElse(name.text());
    return planned(disk, image, name, inside, deadline);
  }

  @Override
  public PlannedSnapshot plan(
      LocatedDisk disk, SnapshotName name, String operationId, Deadline deadline) {
    return planned(
        disk, image(disk), name, InternalSnapshots.marked(name.text(), operationId), deadline);
  }

  private PlannedSnapshot planned(
      LocatedDisk disk, Path image, SnapshotName name, String inside, Deadline deadline) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put(IMAGE, image.toString());
    options.put(NAMED, name.text());
    options.put(INSIDE, inside);
    attached(image.toString(), deadline).ifPresent(one -> options.put(NODE, one.nodeName()));
    return new PlannedSnapshot(
        disk,
        new StorageSnapshot(image + "@" + inside, options),
        new DiskSource.Internal(image, inside, disk.source().format()));
  }

  private static Path image(LocatedDisk disk) {
    disk.requireOptionsAmong(Set.of());
    if (!disk.source().format().equals("qcow2")) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE,
          "'"
              + disk.name()
              + "' is a "
              + disk.source().format()
              + "; a qcow2 alone keeps snapshots");
    }
    return switch (disk.source()) {
      case DiskSource.File file -> file.path();
      case DiskSource.Device device -> device.path();
      default ->
          throw disk.refusal(
              ErrorCode.DISK_UNSUITABLE,
              "the image of '" + disk.name() + "' has no path on this host");
    };
  }

  @Override
  public Prospect check(List<StorageSnapshot> snapshots, Deadline deadline) throws IOException {
    long bytes = 0;
    boolean running = true;
    for (StorageSnapshot one : snapshots) {
      requireFree(one, deadline);
      Optional<AttachedDisk> disk = attached(one.option(IMAGE), deadline);
      if (disk.filter(AttachedDisk::isUnderFilter).isPresent()) {
        throw refused(
            ErrorCode.DISK_UNSUITABLE,
            "a filter stands above "
                + one.option(IMAGE)
                + ", so that QEMU makes no snapshot in it");
      }
      if (disk.filter(AttachedDisk::readOnly).isPresent()) {
        throw refused(ErrorCode.DISK_UNSUITABLE, one.option(IMAGE) + " is read-only");
      }
      running &= disk.isPresent();
      bytes += disk.isPresent() ? actualSize(disk.get()) : Files.size(Path.of(one.option(IMAGE)));
    }
    Duration expected = TRAITS.typicalCut().plus(PER_GIBIBYTE.multipliedBy(bytes >> GIBIBYTE_BITS));
    return new Prospect(
        running || snapshots.size() == 1,
        expected,
        List.of("a snapshot inside an image can be read only while no machine writes to it"));
  }

  private static long actualSize(AttachedDisk disk) {
    Long size = disk.node().image().actualSize();
    return size == null ? 0 : size;
  }

  /** The disk of the running machine, where it is one. */
  private Optional<AttachedDisk> attached(String image, Deadline deadline) {
    return monitor.flatMap(one ->
        BlockGraph.read(one, deadline).disks().stream()
            .filter(disk -> disk.fileName().equals(image))
            .findFirst());
  }

  @Override
  public void prepare(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    // Asks for the same things in the same way, and is warm then.
    for (StorageSnapshot one : snapshots) {
      find(one, operationId, deadline);
    }
  }

  @Override
  public void cut(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    List<TransactionAction> actions = new ArrayList<>();
    for (StorageSnapshot one : snapshots) {
      String node = one.options().get(NODE);
      if (node == null) {
        requireFree(one, deadline);
        tool.create(one.option(IMAGE), one.option(INSIDE));
      } else {
        actions.add(
            new TransactionAction.BlockdevSnapshotInternalSync(
                new BlockdevSnapshotInternal(node, one.option(INSIDE))));
      }
    }
    if (!actions.isEmpty()) {
      inMachine(Transaction.of(actions), deadline);
    }
  }

  private <R> void inMachine(QmpCommand<R> command, Deadline deadline) throws IOException {
    try {
      monitor.orElseThrow().ask(command, deadline);
    } catch (CommandException.Refused e) {
      throw new IOException("QEMU refused " + command.command() + ": " + e.description(), e);
    }
  }

  @Override
  public Presence find(StorageSnapshot snapshot, String operationId, Deadline deadline)
      throws IOException {
    String inside = snapshot.option(INSIDE);
    for (StoredSnapshot one : stored(snapshot.option(IMAGE), deadline)) {
      if (one.place().equals(inside)) {
        return InternalSnapshots.isOf(inside, operationId) ? Presence.OURS : Presence.FOREIGN;
      }
    }
    return Presence.ABSENT;
  }

  private void requireFree(StorageSnapshot snapshot, Deadline deadline) throws IOException {
    for (StoredSnapshot one : stored(snapshot.option(IMAGE), deadline)) {
      if (one.name().equals(snapshot.option(NAMED))) {
        throw refused(
            ErrorCode.SNAPSHOT_EXISTS,
            "the image "
                + snapshot.option(IMAGE)
                + " has a snapshot '"
                + one.name()
                + "' already ("
                + one.place()
                + ")");
      }
    }
  }

  private List<StoredSnapshot> stored(String image, Deadline deadline) throws IOException {
    Optional<AttachedDisk> disk = attached(image, deadline);
    if (disk.isPresent()) {
      return InternalSnapshots.of(disk.get().node().image(), Path.of(image));
    }
    return tool.list(image, deadline);
  }

  @Override
  public void delete(StorageSnapshot snapshot, Deadline deadline) throws IOException {
    Optional<AttachedDisk> disk = attached(snapshot.option(IMAGE), deadline);
    if (disk.isEmpty()) {
      tool.delete(snapshot.option(IMAGE), snapshot.option(INSIDE));
      return;
    }
    inMachine(
        BlockdevSnapshotDeleteInternalSync.of(disk.get().nodeName())
            .withName(snapshot.option(INSIDE)),
        deadline);
  }

  @Override
  public List<StoredSnapshot> list(LocatedDisk disk, Deadline deadline) throws IOException {
    return stored(image(disk).toString(), deadline);
  }

  @Override
  public void revert(PlannedSnapshot planned, Deadline deadline) throws IOException {
    StorageSnapshot snapshot = planned.snapshot();
    if (attached(snapshot.option(IMAGE), deadline).isPresent()) {
      throw planned
          .disk()
          .refusal(ErrorCode.DISK_IN_USE, "the machine uses '" + planned.disk().name() + "'");
    }
    tool.apply(planned.disk(), snapshot.option(IMAGE), snapshot.option(INSIDE));
  }

  private static SnapshotException refused(ErrorCode code, String message) {
    return new SnapshotException(Failure.of(code, message));
  }
}
