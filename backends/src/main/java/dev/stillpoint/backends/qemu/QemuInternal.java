package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.address.RbdName;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.qemu.block.AttachedDisk;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.backends.qemu.image.ImageTool;
import dev.stillpoint.backends.qemu.image.InternalSnapshots;
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
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
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
 * Snapshots that an image keeps itself: a qcow2, or an image of Ceph that QEMU has open. Of a
 * running machine by QEMU, all disks in one {@code transaction} of {@code
 * blockdev-snapshot-internal-sync}; of a qcow2 that nobody uses by {@code qemu-img snapshot}.
 *
 * <p>Nothing of a snapshot is kept but a name and a time, so that the operation is part of the
 * name: {@code nightly.sp-00c0ffee}. By it those are found, too, that QEMU leaves in Ceph when a
 * later disk of the transaction fails: it takes them back by an id that it does not know (7.2).
 */
final class QemuInternal implements Storage {
  static final String NAME = InternalSnapshots.METHOD;

  private static final MethodTraits TRAITS =
      new MethodTraits(
          MethodTraits.Span.GROUP,
          Duration.ofMillis(10),
          true,
          Set.of(Ability.LIST, Ability.REVERT, Ability.DELETE),
          Set.of(DiskSource.Internal.class, DiskSource.Rbd.class));

  /** QEMU counts the references of every cluster anew: for a gibibyte that is used, about this. */
  private static final Duration PER_GIBIBYTE = Duration.ofMillis(5);

  private static final int GIBIBYTE_BITS = 30;

  /** QEMU waits for the cluster, for one image after the other. */
  private static final Duration PER_CEPH_IMAGE = Duration.ofSeconds(1);

  /** How an image of Ceph is written; a qcow2 has an absolute path. */
  private static final String CEPH = "rbd:";

  private static final String RAW = "raw";

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
    String image = image(disk);
    String inside =
        stored(image, deadline).stream()
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
      LocatedDisk disk, String image, SnapshotName name, String inside, Deadline deadline) {
    Map<String, String> options = new LinkedHashMap<>();
    options.put(IMAGE, image);
    options.put(NAMED, name.text());
    options.put(INSIDE, inside);
    attached(image, deadline).ifPresent(one -> options.put(NODE, one.nodeName()));
    return new PlannedSnapshot(
        disk, new StorageSnapshot(image + "@" + inside, options), within(image, inside));
  }

  /** What a backup reads. */
  private static DiskSource within(String image, String inside) {
    return isCeph(image)
        ? DiskSource.Rbd.at(image.substring(CEPH.length()) + "@" + inside, RAW)
        : InternalSnapshots.within(Path.of(image), inside);
  }

  private static boolean isCeph(String image) {
    return image.startsWith(CEPH);
  }

  /** The path of a qcow2, or the name of an image of Ceph. */
  private static String image(LocatedDisk disk) {
    disk.requireOptionsAmong(Set.of());
    Optional<String> ceph = ceph(disk.source().address(), disk.source().format());
    if (ceph.isPresent()) {
      return ceph.get();
    }
    if (!disk.source().format().equals("qcow2")) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE,
          "'"
              + disk.name()
              + "' is a "
              + disk.source().format()
              + "; only a qcow2 and an image of Ceph keep snapshots");
    }
    return switch (disk.source()) {
      case DiskSource.File file -> file.path().toString();
      case DiskSource.Device device -> device.path().toString();
      default ->
          throw disk.refusal(
              ErrorCode.DISK_UNSUITABLE,
              "the image of '" + disk.name() + "' has no path on this host");
    };
  }

  /** One name for whatever QEMU was told of an image of Ceph, without what may be secret in it. */
  private static Optional<String> ceph(String name, String format) {
    return format.equals(RAW)
        ? RbdName.read(name, RAW).map(rbd -> CEPH + rbd.address())
        : Optional.empty();
  }

  @Override
  public Prospect check(List<StorageSnapshot> snapshots, Deadline deadline) throws IOException {
    long bytes = 0;
    int inCeph = 0;
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
      if (isCeph(one.option(IMAGE))) {
        inCeph++;
      } else {
        bytes += disk.isPresent() ? actualSize(disk.get()) : Files.size(Path.of(one.option(IMAGE)));
      }
    }
    Duration expected =
        TRAITS
            .typicalCut()
            .plus(PER_GIBIBYTE.multipliedBy(bytes >> GIBIBYTE_BITS))
            .plus(PER_CEPH_IMAGE.multipliedBy(inCeph));
    return new Prospect(
        running || snapshots.size() == 1,
        expected,
        inCeph == snapshots.size()
            ? List.of()
            : List.of("a snapshot inside an image can be read only while no machine writes to it"));
  }

  private static long actualSize(AttachedDisk disk) {
    Long size = disk.node().image().actualSize();
    return size == null ? 0 : size;
  }

  /** The disk of the running machine, where it is one. */
  private Optional<AttachedDisk> attached(String image, Deadline deadline) {
    return monitor.flatMap(one -> attached(image, BlockGraph.read(one, deadline)));
  }

  private static Optional<AttachedDisk> attached(String image, BlockGraph graph) {
    List<AttachedDisk> found =
        graph.disks().stream()
            .filter(
                disk -> ceph(disk.fileName(), disk.format()).orElse(disk.fileName()).equals(image))
            .toList();
    if (found.size() > 1 && isCeph(image)) {
      throw refused(
          ErrorCode.DISK_UNSUITABLE, "the machine has " + image + " of more than one cluster");
    }
    return found.stream().findFirst();
  }

  @Override
  public void prepare(List<StorageSnapshot> snapshots, String operationId, Deadline deadline)
      throws IOException {
    // Asks for the same things in the same way, and is warm then.
    for (StorageSnapshot one : snapshots) {
      find(one, operationId, deadline);
    }
  }

  /** Where the machine has all the images, QEMU can cut others in the same transaction. */
  @Override
  public Cut joinable(Cut cut) {
    List<TransactionAction> actions = new ArrayList<>();
    for (Inventory disk : cut.inventory()) {
      String node = disk.options().get(NODE);
      String inside = disk.options().get(INSIDE);
      if (node == null || inside == null) {
        return cut;
      }
      actions.add(action(node, inside));
    }
    return monitor.<Cut>map(one -> TransactedCut.of(one, cut, actions)).orElse(cut);
  }

  private static TransactionAction action(String node, String inside) {
    return new TransactionAction.BlockdevSnapshotInternalSync(
        new BlockdevSnapshotInternal(node, inside));
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
        actions.add(action(node, one.option(INSIDE)));
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
      var all = InternalSnapshots.of(disk.get().node().image(), inside -> within(image, inside));
      return isCeph(image) ? InternalSnapshots.ofUsers(all) : all;
    }
    requireTool(image);
    return tool.list(image, deadline);
  }

  /** Of Ceph, QEMU is asked alone: there the method {@code rbd} is the tool. */
  private static void requireTool(String image) throws IOException {
    if (isCeph(image)) {
      throw new IOException(
          "no machine that is known here has " + image + " open; without one, take the method rbd");
    }
  }

  @Override
  public void delete(StorageSnapshot snapshot, Deadline deadline) throws IOException {
    Optional<AttachedDisk> disk = attached(snapshot.option(IMAGE), deadline);
    if (disk.isEmpty()) {
      requireTool(snapshot.option(IMAGE));
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
    return stored(image(disk), deadline);
  }

  @Override
  public void revert(PlannedSnapshot planned, Deadline deadline) throws IOException {
    StorageSnapshot snapshot = planned.snapshot();
    if (attached(snapshot.option(IMAGE), deadline).isPresent()) {
      throw planned
          .disk()
          .refusal(ErrorCode.DISK_IN_USE, "the machine uses '" + planned.disk().name() + "'");
    }
    requireTool(snapshot.option(IMAGE));
    tool.apply(planned.disk(), snapshot.option(IMAGE), snapshot.option(INSIDE));
  }

  private static SnapshotException refused(ErrorCode code, String message) {
    return new SnapshotException(Failure.of(code, message));
  }
}
