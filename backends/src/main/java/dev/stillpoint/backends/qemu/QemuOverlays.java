package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.host.Worker;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.command.QmpSchema;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;

/**
 * Cuts disks by putting qcow2 overlays on them: the machine writes to the overlay from then on, and
 * the image below is the point in time. All disks in one QMP {@code transaction}.
 */
public final class QemuOverlays implements SnapshotMethod {
  /** The name by which a caller chooses this method. */
  public static final String NAME = "qemu";

  /** What the method is like. */
  public static final MethodTraits TRAITS =
      new MethodTraits(MethodTraits.Span.GROUP, Duration.ofMillis(1), false, Set.of());

  private static final Pattern PROTOCOL = Pattern.compile("[a-z][a-z0-9+.-]*:");

  private final Monitor monitor;
  private final Optional<QemuWay> wanted;
  private final boolean passFiles;

  /**
   * The method on one machine.
   *
   * @param wanted the way to use, or empty for the best that this QEMU can
   */
  public QemuOverlays(QmpClient client, Optional<QemuWay> wanted) {
    this(new Monitor(client), wanted, false);
  }

  private QemuOverlays(Monitor monitor, Optional<QemuWay> wanted, boolean passFiles) {
    this.monitor = monitor;
    this.wanted = wanted;
    this.passFiles = passFiles;
  }

  /**
   * The same for a QEMU that may open no path itself: the overlays are handed to it open ({@code
   * add-fd}), beside each what its path is. It must be {@link QemuWay#PREPARED}, and the monitor
   * behind a unix socket that leads to QEMU itself.
   */
  public QemuOverlays passingFiles() {
    return new QemuOverlays(monitor, wanted, true);
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
    QmpSchema schema = monitor.schema(deadline);
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    List<String> warnings = new ArrayList<>();
    QemuWay way = wanted.orElseGet(() -> bestWay(schema, warnings));
    if (passFiles) {
      requirePassable(way, schema);
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
      Path path = overlayPath(selected, disk, order);
      String prefix = "sp-" + order.operationId() + "-" + (overlays.size() + 1);
      overlays.add(new Overlay(selected.name(), disk, path, prefix, way));
      disks.add(located.guest().alsoOn(StorageHosts.of(path.toString())));
    }
    if (overlays.isEmpty()) {
      throw new SnapshotException(
          Failure.of(ErrorCode.BAD_REQUEST, "no disk was named for the method " + NAME));
    }
    requireFreePaths(overlays, graph);
    return new QemuCut(monitor, overlays, disks, warnings, passFiles);
  }

  private void requirePassable(QemuWay way, QmpSchema schema) {
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
    boolean canFormat = schema.hasCommand("blockdev-create") && schema.hasCommand("blockdev-add");
    if (canFormat && schema.hasCommand("blockdev-snapshot")) {
      return QemuWay.PREPARED;
    }
    QemuWay way = canFormat ? QemuWay.SYNC_EXISTING : QemuWay.SYNC_ABSOLUTE;
    warnings.add("this QEMU cannot attach prepared overlays; the disks are cut by " + way);
    return way;
  }

  private static Path overlayPath(SelectedDisk selected, AttachedDisk disk, CutOrder order) {
    boolean plain = disk.fileName().startsWith("/");
    if (selected.overlay().isPresent()) {
      Path asked = selected.overlay().get().toAbsolutePath().normalize();
      if (!plain && !isRemote(disk.fileName())) {
        throw relative(selected.name(), disk);
      }
      return asked;
    }
    if (!plain) {
      throw isRemote(disk.fileName())
          ? BlockGraph.refusal(
              ErrorCode.BAD_REQUEST,
              "the disk '" + selected.name() + "' is no plain file; name its overlay's path",
              selected.name())
          : relative(selected.name(), disk);
    }
    Path base = Path.of(disk.fileName());
    if (base.startsWith("/dev")) {
      throw BlockGraph.refusal(
          ErrorCode.BAD_REQUEST,
          "the disk '" + selected.name() + "' is a block device; name its overlay's path",
          selected.name());
    }
    String file = base.getFileName().toString();
    int dot = file.lastIndexOf('.');
    String stem = dot > 0 ? file.substring(0, dot) : file;
    return base.resolveSibling(stem + "." + order.name() + ".qcow2");
  }

  /** {@code nbd://...} or {@code json:...}; a colon behind a slash is part of a file's name. */
  private static boolean isRemote(String image) {
    return PROTOCOL.matcher(image).lookingAt();
  }

  private static SnapshotException relative(String name, AttachedDisk disk) {
    return BlockGraph.refusal(
        ErrorCode.DISK_UNSUITABLE,
        "QEMU opened the disk '"
            + name
            + "' by the relative path "
            + disk.fileName()
            + ", which an overlay cannot refer to safely; start the machine with absolute paths",
        name);
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
      if (Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
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
}
