package dev.stillpoint.backends.qemu.block;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.BlockDeviceInfo;
import dev.stillpoint.qmp.qapi.BlockExportInfo;
import dev.stillpoint.qmp.qapi.BlockInfo;
import dev.stillpoint.qmp.qapi.BlockJobInfo;
import dev.stillpoint.qmp.qapi.ImageInfo;
import dev.stillpoint.qmp.qapi.QueryBlock;
import dev.stillpoint.qmp.qapi.QueryBlockExports;
import dev.stillpoint.qmp.qapi.QueryBlockJobs;
import dev.stillpoint.qmp.qapi.QueryNamedBlockNodes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The machine's disks and nodes at one moment, from {@code query-block} and its like. */
public final class BlockGraph {
  private static final String PERIPHERAL = "/machine/peripheral/";

  private final Map<String, BlockDeviceInfo> nodes = new HashMap<>();
  private final List<BlockDeviceInfo> allNodes;
  private final List<BlockInfo> devices;
  private final List<BlockExportInfo> exports;
  private final List<BlockJobInfo> jobs;
  private final FdSets fdSets;

  private BlockGraph(
      List<BlockInfo> devices,
      List<BlockDeviceInfo> allNodes,
      List<BlockExportInfo> exports,
      List<BlockJobInfo> jobs,
      FdSets fdSets) {
    this.devices = devices;
    this.allNodes = allNodes;
    this.exports = exports;
    this.jobs = jobs;
    this.fdSets = fdSets;
    for (BlockDeviceInfo node : allNodes) {
      if (node.nodeName() != null) {
        nodes.put(node.nodeName(), node);
      }
    }
  }

  public static BlockGraph read(Monitor monitor, Deadline deadline) {
    List<BlockInfo> devices = monitor.ask(new QueryBlock(), deadline);
    List<BlockDeviceInfo> nodes = monitor.ask(QueryNamedBlockNodes.of(), deadline);
    List<BlockJobInfo> jobs = monitor.ask(new QueryBlockJobs(), deadline);
    FdSets fdSets = FdSets.of(nodes, monitor, deadline);
    return new BlockGraph(devices, nodes, exports(monitor, deadline), jobs, fdSets);
  }

  /** Older versions know no exports; then there are none. */
  private static List<BlockExportInfo> exports(Monitor monitor, Deadline deadline) {
    try {
      return monitor.ask(new QueryBlockExports(), deadline);
    } catch (CommandException.Refused e) {
      return List.of();
    }
  }

  /**
   * The machine's disks: those with a medium that a guest's device uses. Where there is no guest,
   * as in a storage daemon, those that are exported.
   */
  public List<AttachedDisk> disks() {
    List<AttachedDisk> attached = attached();
    return attached.isEmpty() ? exported() : attached;
  }

  /** Whatever has a user, a guest's device or an export, so that an overlay on it stays. */
  private List<AttachedDisk> used() {
    List<AttachedDisk> used = new ArrayList<>(attached());
    used.addAll(exported());
    return used;
  }

  private List<AttachedDisk> attached() {
    List<AttachedDisk> found = new ArrayList<>();
    for (BlockInfo device : devices) {
      BlockDeviceInfo top = device.inserted();
      if (top != null && device.qdev() != null) {
        found.add(attached(device, top));
      }
    }
    return found;
  }

  private List<AttachedDisk> exported() {
    List<AttachedDisk> found = new ArrayList<>();
    for (BlockExportInfo export : exports) {
      BlockDeviceInfo top = nodes.get(export.nodeName());
      if (top != null && found.stream().noneMatch(disk -> isSame(disk.top(), top))) {
        BlockDeviceInfo node = under(top).orElse(top);
        found.add(
            new AttachedDisk(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                top,
                node,
                nameOf(node.image()),
                false,
                top.ro()));
      }
    }
    return found;
  }

  /** Whether a guest's device or an export uses the node of this name, perhaps through a filter. */
  public boolean isUsed(String node) {
    return used().stream().anyMatch(disk -> disk.nodeName().equals(node));
  }

  private AttachedDisk attached(BlockInfo device, BlockDeviceInfo top) {
    BlockDeviceInfo node = under(top).orElse(top);
    return new AttachedDisk(
        Optional.ofNullable(device.qdev()).map(BlockGraph::deviceId),
        Optional.ofNullable(device.qdev()).map(BlockGraph::qomPath),
        Optional.of(device.device()).filter(name -> !name.isEmpty()),
        top,
        node,
        nameOf(node.image()),
        device.removable(),
        top.ro());
  }

  /** QEMU says the id where the device has one, else the path. */
  private static String qomPath(String qdev) {
    return qdev.startsWith("/") ? qdev : PERIPHERAL + qdev;
  }

  /** {@code /machine/peripheral/vda/virtio-backend} is the device {@code vda}. */
  private static String deviceId(String qdev) {
    if (!qdev.startsWith(PERIPHERAL)) {
      return qdev;
    }
    String id = qdev.substring(PERIPHERAL.length());
    int slash = id.indexOf('/');
    return slash < 0 ? id : id.substring(0, slash);
  }

  /** The format node below all filters that we know; empty where the way down cannot be seen. */
  private Optional<BlockDeviceInfo> under(BlockDeviceInfo top) {
    BlockDeviceInfo node = top;
    while (isFilter(node)) {
      Optional<BlockDeviceInfo> below = childOf(node);
      if (below.isEmpty()) {
        return Optional.empty();
      }
      node = below.get();
    }
    return Optional.of(node);
  }

  private static boolean isFilter(BlockDeviceInfo node) {
    return BlockDrivers.isFilter(node.drv());
  }

  /** QEMU tells the image below a filter, not its node; the one node with that image is it. */
  private Optional<BlockDeviceInfo> childOf(BlockDeviceInfo filter) {
    ImageInfo below = filter.image().backingImage();
    if (below == null) {
      return Optional.empty();
    }
    List<BlockDeviceInfo> matching =
        allNodes.stream()
            .filter(node -> node.drv().equals(below.format()))
            .filter(node -> filename(node).equals(below.filename()))
            .toList();
    return matching.size() == 1 ? Optional.of(matching.get(0)) : Optional.empty();
  }

  private static String filename(BlockDeviceInfo node) {
    return node.image().filename();
  }

  /** An image's name as QEMU gives it, or the path of one that was handed to it open. */
  public String nameOf(ImageInfo image) {
    return fdSets.named(image.filename());
  }

  /** The one node that has this image; empty where several or none can be meant. */
  public Optional<String> nodeOf(ImageInfo image) {
    List<String> found =
        allNodes.stream()
            .filter(node -> node.drv().equals(image.format()))
            .filter(node -> filename(node).equals(image.filename()))
            .map(BlockDeviceInfo::nodeName)
            .filter(java.util.Objects::nonNull)
            .toList();
    return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
  }

  /** The nodes that have a file open, the formats before the protocols. */
  public List<String> nodesOn(String file) {
    return allNodes.stream()
        .filter(node -> nameOf(node.image()).equals(file))
        .sorted(java.util.Comparator.comparing(node -> node.drv().equals("file")))
        .map(BlockDeviceInfo::nodeName)
        .filter(java.util.Objects::nonNull)
        .toList();
  }

  /** Whether QEMU put this node there for a job. */
  public static boolean isOfJob(BlockDeviceInfo node) {
    return BlockDrivers.isOfJob(node.drv());
  }

  /** The node that is above all filters of a disk whose node is this; itself where none is. */
  public String topOf(String node) {
    return used().stream()
        .filter(disk -> disk.nodeName().equals(node))
        .map(disk -> disk.top().nodeName())
        .filter(java.util.Objects::nonNull)
        .findFirst()
        .orElse(node);
  }

  /** What QEMU says of the image of a node. */
  public Optional<ImageInfo> image(String node) {
    return Optional.ofNullable(nodes.get(node)).map(BlockDeviceInfo::image);
  }

  /** Whether somebody reads this node from outside of the machine. */
  public boolean isExported(String node) {
    return exports.stream().anyMatch(export -> node.equals(export.nodeName()));
  }

  /**
   * The disk that a caller means: by qdev id, block device name, node name or image path, in that
   * order.
   */
  public AttachedDisk find(String name) {
    List<AttachedDisk> disks = used();
    return first(disks, disk -> disk.qdev().filter(name::equals).isPresent())
        .or(() -> first(disks, disk -> disk.device().filter(name::equals).isPresent()))
        .or(() -> first(disks, disk -> isNode(disk, name)))
        .or(() -> first(disks, disk -> disk.fileName().equals(name)))
        .orElseThrow(() -> notFound(name, disks));
  }

  private static boolean isNode(AttachedDisk disk, String name) {
    return name.equals(disk.node().nodeName()) || name.equals(disk.top().nodeName());
  }

  private static Optional<AttachedDisk> first(
      List<AttachedDisk> disks, java.util.function.Predicate<AttachedDisk> wanted) {
    return disks.stream().filter(wanted).findFirst();
  }

  private SnapshotException notFound(String name, List<AttachedDisk> disks) {
    if (nodes.containsKey(name)) {
      return refusal(
          ErrorCode.DISK_UNSUITABLE,
          "no device and no export uses the node '" + name + "': its overlay would vanish",
          name);
    }
    return refusal(
        ErrorCode.NO_SUCH_DISK,
        "there is no disk '"
            + name
            + "'; the machine has "
            + disks.stream().map(AttachedDisk::label).toList(),
        name);
  }

  /** Throws when a disk cannot be cut now. */
  public void requireCuttable(AttachedDisk disk, String name) {
    String driver = disk.top().drv();
    Optional<BlockDeviceInfo> jobFilter = jobFilterAbove(disk);
    if (jobFilter.isPresent()) {
      throw refusal(
          ErrorCode.DISK_UNSUITABLE,
          "a block job works on the disk '"
              + name
              + "' ("
              + jobFilter.get().drv()
              + "); wait for it to end",
          name);
    }
    if (!BlockDrivers.isImage(disk.node().drv()) && !isFilter(disk.node())) {
      throw refusal(
          ErrorCode.DISK_UNSUITABLE,
          "the disk '"
              + name
              + "' is attached through '"
              + disk.node().drv()
              + "', under which Stillpoint does not know how to look",
          name);
    }
    if (isFilter(disk.node())) {
      throw refusal(
          ErrorCode.DISK_UNSUITABLE,
          "the node under the filter '" + driver + "' of the disk '" + name + "' cannot be found",
          name);
    }
    for (BlockJobInfo job : jobs) {
      if (disk.device().filter(job.device()::equals).isPresent()) {
        throw refusal(
            ErrorCode.DISK_UNSUITABLE,
            "the job '" + job.device() + "' (" + job.type() + ") works on the disk '" + name + "'",
            name);
      }
    }
    if (disk.readOnly()) {
      throw refusal(ErrorCode.DISK_UNSUITABLE, "the disk '" + name + "' is read-only", name);
    }
    Optional<String> trouble = fdSets.trouble(filename(disk.node()));
    if (trouble.isPresent()) {
      throw refusal(ErrorCode.DISK_UNSUITABLE, "the disk '" + name + "': " + trouble.get(), name);
    }
    if (disk.size() == 0) {
      throw refusal(
          ErrorCode.DISK_UNSUITABLE, "the size of the disk '" + name + "' is unknown", name);
    }
  }

  /**
   * The node through which a job works on the disk. {@code query-block} leaves it out where QEMU
   * put it there by itself, and a job's own name says nothing of its disk; but it bears the name of
   * the image below it.
   */
  private Optional<BlockDeviceInfo> jobFilterAbove(AttachedDisk disk) {
    return allNodes.stream()
        .filter(node -> BlockDrivers.isOfJob(node.drv()))
        .filter(node -> isSame(node, disk.top()) || nameOf(node.image()).equals(disk.fileName()))
        .findFirst();
  }

  /** By name: of one node, {@code query-block} tells what is its device's too, such as limits. */
  private static boolean isSame(BlockDeviceInfo one, BlockDeviceInfo other) {
    return one.nodeName() != null && one.nodeName().equals(other.nodeName());
  }

  /** Whether a node of this name exists. */
  public boolean hasNode(String name) {
    return nodes.containsKey(name);
  }

  /** Whether any node has this file open. */
  public boolean uses(String file) {
    return allNodes.stream().anyMatch(node -> nameOf(node.image()).equals(file));
  }

  public static SnapshotException refusal(ErrorCode code, String message, String disk) {
    return new SnapshotException(Failure.ofDisk(code, message, disk));
  }
}
