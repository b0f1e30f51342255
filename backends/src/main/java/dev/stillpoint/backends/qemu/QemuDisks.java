package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.qemu.block.AttachedDisk;
import dev.stillpoint.backends.qemu.block.BlockGraph;
import dev.stillpoint.backends.qemu.block.GuestAddresses;
import dev.stillpoint.backends.qemu.block.Monitor;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.DiskLocator.Located;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.qmp.QmpClient;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The disks of a running machine and where their bytes live, from {@code query-block}, {@code
 * query-named-block-nodes}, {@code query-pci} and {@code qom-get}.
 */
public final class QemuDisks {
  private static final String SYSTEM_FLASH = "/machine/system.flash";
  private static final Pattern PFLASH = Pattern.compile("pflash\\d+");

  private QemuDisks() {}

  /**
   * Finds disks, and blocks for that.
   *
   * @param asked by qdev id, block device name, node name or image path; empty for all that are
   *     writable and not removable, but not the firmware's
   * @return with no method filled in
   * @throws SnapshotException when there is no such disk, or it was named twice
   */
  public static Located locate(QmpClient client, List<SelectedDisk> asked, Deadline deadline) {
    var monitor = new Monitor(client);
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    return located(graph, new GuestAddresses(monitor, deadline), asked);
  }

  /**
   * Finds disks in the same way for a caller who has to see them all before it can name one, with
   * one look at the machine for both.
   *
   * @param choice names disks by their {@link SeenDisk#label}; may throw
   */
  public static Located locate(
      QmpClient client, Deadline deadline, Function<List<SeenDisk>, List<SelectedDisk>> choice) {
    var monitor = new Monitor(client);
    BlockGraph graph = BlockGraph.read(monitor, deadline);
    var addresses = new GuestAddresses(monitor, deadline);
    List<SeenDisk> seen =
        graph.disks().stream().map(disk -> SeenDisk.of(graph, disk, addresses.of(disk))).toList();
    return located(graph, addresses, choice.apply(seen));
  }

  private static Located located(
      BlockGraph graph, GuestAddresses addresses, List<SelectedDisk> asked) {
    Map<String, String> taken = new HashMap<>();
    List<LocatedDisk> found = new ArrayList<>();
    for (SelectedDisk selected : asked.isEmpty() ? all(graph) : asked) {
      AttachedDisk disk = graph.find(selected.name());
      String before = taken.putIfAbsent(disk.nodeName(), selected.name());
      if (before != null) {
        throw BlockGraph.refusal(
            ErrorCode.BAD_REQUEST,
            "'" + selected.name() + "' is the same disk as '" + before + "'",
            selected.name());
      }
      found.add(new LocatedDisk(selected, disk.source(), addresses.of(disk)));
    }
    List<String> notCovered =
        graph.disks().stream()
            .filter(disk -> !taken.containsKey(disk.nodeName()))
            .map(disk -> "disk " + disk.label() + whyNot(disk))
            .toList();
    return new Located(found, notCovered, List.of());
  }

  private static List<SelectedDisk> all(BlockGraph graph) {
    List<SelectedDisk> all =
        graph.disks().stream()
            .filter(disk -> !disk.removable() && !disk.readOnly() && !isFirmware(disk))
            .map(disk -> SelectedDisk.named(disk.label()))
            .toList();
    if (all.isEmpty()) {
      throw new SnapshotException(
          Failure.of(ErrorCode.NO_SUCH_DISK, "the machine has no writable disk to cut"));
    }
    return all;
  }

  private static String whyNot(AttachedDisk disk) {
    if (isFirmware(disk)) {
      return " (the firmware's variables)";
    }
    if (disk.removable()) {
      return " (removable)";
    }
    return disk.readOnly() ? " (read-only)" : "";
  }

  /** The firmware's variables are no disk of the guest. */
  private static boolean isFirmware(AttachedDisk disk) {
    return disk.qomPath().filter(path -> path.startsWith(SYSTEM_FLASH)).isPresent()
        || disk.device().filter(name -> PFLASH.matcher(name).matches()).isPresent();
  }
}
