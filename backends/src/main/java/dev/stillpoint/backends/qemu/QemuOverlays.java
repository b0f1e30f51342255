package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.host.LocalPrograms;
import dev.stillpoint.backends.host.Worker;
import dev.stillpoint.backends.qemu.block.AttachedDisk;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.backends.qemu.block.StorageHosts;
import dev.stillpoint.backends.qemu.chain.ImageChain;
import dev.stillpoint.backends.qemu.chain.OverlaySnapshots;
import dev.stillpoint.backends.qemu.image.ImageTool;
import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import dev.stillpoint.backends.qemu.overlay.OverlayPath;
import dev.stillpoint.backends.storage.StorageStep;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.MethodTraits.Ability;
import dev.stillpoint.core.spi.Remains;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.command.QmpSchema;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * Cuts disks by putting qcow2 overlays on them: the machine writes to the overlay from then on, and
 * the image below is the point in time. All disks in one QMP {@code transaction}.
 */
public final class QemuOverlays implements SnapshotMethod {
  /** The name by which a caller chooses this method. */
  public static final String NAME = OverlayMark.METHOD;

  /** What the method is like. */
  public static final MethodTraits TRAITS =
      new MethodTraits(
          MethodTraits.Span.GROUP,
          Duration.ofMillis(1),
          false,
          EnumSet.allOf(Ability.class),
          Set.of(DiskSource.File.class, DiskSource.Device.class, DiskSource.Remote.class));

  private final Optional<Monitor> machine;
  private final OverlaySnapshots snapshots;
  private final Optional<QemuWay> wanted;
  private final boolean passFiles;

  /**
   * The method on one machine.
   *
   * @param wanted the way to use, or empty for the best that this QEMU can
   */
  public QemuOverlays(QmpClient client, Optional<QemuWay> wanted) {
    this(Optional.of(new Monitor(client)), wanted, false);
  }

  /**
   * The method on disks that no machine uses: it cuts none of them, and lists, reverts and deletes
   * what it has cut of them before, by {@code qemu-img}.
   */
  public static QemuOverlays withoutMachine() {
    return new QemuOverlays(Optional.empty(), Optional.empty(), false);
  }

  private QemuOverlays(Optional<Monitor> machine, Optional<QemuWay> wanted, boolean passFiles) {
    this.machine = machine;
    this.snapshots = new OverlaySnapshots(machine, new ImageTool(new LocalPrograms()));
    this.wanted = wanted;
    this.passFiles = passFiles;
  }

  /**
   * The same for a QEMU that may open no path itself: the overlays are handed to it open ({@code
   * add-fd}), beside each what its path is. It must be {@link QemuWay#PREPARED}, and the monitor
   * behind a unix socket that leads to QEMU itself.
   */
  public QemuOverlays passingFiles() {
    return new QemuOverlays(machine, wanted, true);
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
  public CompletionStage<Cut> check(CutOrder order, Deadline deadline) {
    return Worker.later(() -> checkNow(order, deadline));
  }

  private Cut checkNow(CutOrder order, Deadline deadline) {
    Monitor monitor = machine.orElseThrow(() -> withoutMachine(order));
    QmpSchema schema = monitor.schema(deadline);
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    List<String> warnings = new ArrayList<>();
    QemuWay way = wanted.orElseGet(() -> bestWay(schema, warnings));
    if (passFiles) {
      requirePassable(monitor, way, schema);
    }
    List<Overlay> overlays = new ArrayList<>();
    List<CutDisk> disks = new ArrayList<>();
    Set<String> takenNodes = new HashSet<>();
    for (LocatedDisk located : order.disks()) {
      located.requireOptionsAmong(Set.of());
      SelectedDisk selected = located.selected();
      AttachedDisk disk = graph.find(selected.name());
      graph.requireCuttable(disk, selected.name());
      if (!takenNodes.add(disk.nodeName())) {
        throw located.refusal(
            ErrorCode.BAD_REQUEST, "'" + selected.name() + "' is a disk that is there already");
      }
      ImageChain chain = ImageChain.of(graph, disk);
      requireFreeName(located, chain, order);
      Path path = OverlayPath.of(selected, disk, order.name());
      requireFree(located, path);
      var mark =
          new OverlayMark(order.operationId(), order.name().text(), OverlayPath.bottom(disk, path));
      String prefix = "sp-" + order.operationId() + "-" + (overlays.size() + 1);
      overlays.add(new Overlay(selected.name(), disk, path, prefix, way, mark));
      disks.add(located.guest().alsoOn(StorageHosts.of(path.toString())));
    }
    if (overlays.isEmpty()) {
      throw new SnapshotException(
          Failure.of(ErrorCode.BAD_REQUEST, "no disk was named for the method " + NAME));
    }
    requireFreePaths(overlays, graph);
    warnings.addAll(unmarked(overlays));
    return new QemuCut(monitor, overlays, disks, warnings, passFiles);
  }

  private static SnapshotException withoutMachine(CutOrder order) {
    String disk = order.disks().isEmpty() ? "" : order.disks().get(0).name();
    return BlockGraph.refusal(
        ErrorCode.DISK_UNSUITABLE,
        "the method qemu needs the monitor of the machine that runs '" + disk + "'",
        disk);
  }

  private static void requireFreeName(LocatedDisk disk, ImageChain chain, CutOrder order) {
    String name = order.name().text();
    if (chain.find(name).isPresent()) {
      throw disk.refusal(
          ErrorCode.SNAPSHOT_EXISTS,
          "'" + disk.name() + "' has a snapshot '" + name + "' by an overlay already");
    }
  }

  /** A path that the caller gave is no snapshot's name, whatever is there. */
  private static void requireFree(LocatedDisk disk, Path path) {
    if (disk.selected().overlay().isEmpty() && Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      throw disk.refusal(
          ErrorCode.SNAPSHOT_EXISTS, path + " exists already and is not overwritten");
    }
  }

  private static List<String> unmarked(List<Overlay> overlays) {
    return overlays.stream()
        .map(Overlay::path)
        .filter(path -> !OverlayMark.canBeKept(path.resolveSibling(".")))
        .map(path ->
            "the file system keeps no extended attributes beside "
                + path
                + ": its snapshot can not be listed, reverted to or deleted by its name")
        .toList();
  }

  private static void requirePassable(Monitor monitor, QemuWay way, QmpSchema schema) {
    if (!monitor.canPassFiles()) {
      throw cannotPass(
          "over a unix socket only, and the monitor is " + monitor.client().endpoint());
    }
    if (!schema.hasCommand("add-fd")) {
      throw cannotPass("by add-fd, which this one does not know");
    }
    if (way != QemuWay.PREPARED) {
      throw cannotPass("for prepared overlays only, and the disks are to be cut by " + way);
    }
  }

  private static SnapshotException cannotPass(String why) {
    return new SnapshotException(
        Failure.of(ErrorCode.BAD_REQUEST, "open files can be handed to QEMU " + why));
  }

  /** The way that holds the guest for the shortest time, of those that this QEMU knows. */
  private static QemuWay bestWay(QmpSchema schema, List<String> warnings) {
    if (schema.hasCommand("blockdev-add") && schema.hasCommand("blockdev-snapshot")) {
      return QemuWay.PREPARED;
    }
    QemuWay way = QemuWay.SYNC_EXISTING;
    warnings.add("this QEMU cannot attach prepared overlays; the disks are cut by " + way);
    return way;
  }

  private static void requireFreePaths(List<Overlay> overlays, BlockGraph graph) {
    Set<Path> taken = new HashSet<>();
    for (Overlay overlay : overlays) {
      Path path = overlay.path();
      if (!taken.add(path)) {
        throw unusable(overlay, path + " is given for two disks");
      }
      if (graph.uses(path.toString())) {
        throw unusable(overlay, path + " is an image that the machine uses");
      }
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        throw unusable(overlay, path + " exists already and is not overwritten");
      }
      Path directory = path.getParent();
      if (directory == null || !Files.isDirectory(directory)) {
        throw unusable(overlay, "the directory " + directory + " does not exist");
      }
      if (!Files.isWritable(directory)) {
        throw unusable(overlay, "the directory " + directory + " cannot be written");
      }
    }
  }

  private static SnapshotException unusable(Overlay overlay, String message) {
    return BlockGraph.refusal(ErrorCode.OVERLAY_UNUSABLE, message, overlay.name());
  }

  @Override
  public CompletionStage<List<StoredSnapshot>> list(LocatedDisk disk, Deadline deadline) {
    return StorageStep.asking(ErrorCode.DISK_UNSUITABLE, () -> snapshots.list(disk, deadline));
  }

  /**
   * {@inheritDoc}
   *
   * <p>Of the newest snapshot only: whatever lies above an older one needs what would be lost.
   */
  @Override
  public CompletionStage<Void> revert(LocatedDisk disk, SnapshotName name, Deadline deadline) {
    return StorageStep.doing(
        ErrorCode.DISK_UNSUITABLE,
        () -> {
          snapshots.revert(disk, name, deadline);
        });
  }

  /**
   * {@inheritDoc}
   *
   * <p>What the overlay holds goes down into the image below it ({@code block-commit}, or {@code
   * qemu-img commit} where no machine uses the disk), and the overlay's file is removed. The
   * deadline bounds the wait: a job that runs on in QEMU is taken up by the next call.
   */
  @Override
  public CompletionStage<Optional<DiskSource>> delete(
      LocatedDisk disk, SnapshotName name, Deadline deadline) {
    return StorageStep.asking(
        ErrorCode.CLEANUP_FAILED, () -> snapshots.delete(disk, name, deadline));
  }

  @Override
  public CompletionStage<Remains> find(
      String operationId, List<Inventory> disks, Deadline deadline) {
    return Worker.later(() -> left(disks).find(operationId, deadline));
  }

  @Override
  public CompletionStage<Void> discard(
      String operationId, List<Inventory> disks, Deadline deadline) {
    return Worker.later(() -> {
      left(disks).discard(operationId, deadline);
      return null;
    });
  }

  private LeftOverlays left(List<Inventory> disks) {
    return new LeftOverlays(
        machine
            .map(Monitor::client)
            .orElseThrow(() ->
                new SnapshotException(
                    Failure.of(
                        ErrorCode.MONITOR_UNAVAILABLE,
                        "what an operation left in a machine, only its monitor tells"))),
        disks);
  }
}
