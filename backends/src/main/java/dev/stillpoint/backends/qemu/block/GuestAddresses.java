package dev.stillpoint.backends.qemu.block;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutDisk.PciAddress;
import dev.stillpoint.core.spi.CutDisk.ScsiAddress;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.PciDeviceInfo;
import dev.stillpoint.qmp.qapi.PciInfo;
import dev.stillpoint.qmp.qapi.QomGet;
import dev.stillpoint.qmp.qapi.QueryPci;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * By what the guest sees its disks: serial number, PCI address and place on a SCSI controller, from
 * {@code qom-get} and {@code query-pci}. What QEMU does not tell stays empty: the guest's file
 * systems then count as lying on any disk.
 */
public final class GuestAddresses {
  private static final String PERIPHERAL = "/machine/peripheral/";

  private final Monitor monitor;
  private final Deadline deadline;
  private final Map<String, PciAddress> pci = new HashMap<>();

  public GuestAddresses(Monitor monitor, Deadline deadline) {
    this.monitor = monitor;
    this.deadline = deadline;
    try {
      for (PciInfo bus : monitor.ask(new QueryPci(), deadline)) {
        bus.devices().forEach(this::note);
      }
    } catch (CommandException.Refused e) {
      // A storage daemon, or a machine without PCI.
      pci.clear();
    }
  }

  private void note(PciDeviceInfo device) {
    String id = device.qdevId();
    if (!id.isEmpty()) {
      pci.put(
          id, new PciAddress(0, (int) device.bus(), (int) device.slot(), (int) device.function()));
    }
    if (device.pciBridge() != null && device.pciBridge().devices() != null) {
      device.pciBridge().devices().forEach(this::note);
    }
  }

  /** The disk as its guest may recognise it. */
  public CutDisk of(AttachedDisk disk) {
    Optional<String> path = disk.qomPath();
    return new CutDisk(
        disk.label(),
        path.flatMap(this::serial),
        path.flatMap(this::controller),
        path.flatMap(this::scsi),
        StorageHosts.of(disk.fileName()));
  }

  private Optional<String> serial(String path) {
    return get(path, "serial").map(JsonNode::asText).filter(serial -> !serial.isEmpty());
  }

  /** The device itself, or the controller whose bus it sits on. */
  private Optional<PciAddress> controller(String path) {
    return Optional.ofNullable(pci.get(idOf(path)))
        .or(() ->
            get(path, "parent_bus").map(JsonNode::asText).map(GuestAddresses::idOf).map(pci::get));
  }

  private Optional<ScsiAddress> scsi(String path) {
    OptionalInt channel = number(path, "channel");
    OptionalInt target = number(path, "scsi-id");
    OptionalInt unit = number(path, "lun");
    return channel.isPresent() && target.isPresent() && unit.isPresent()
        ? Optional.of(new ScsiAddress(channel.getAsInt(), target.getAsInt(), unit.getAsInt()))
        : Optional.empty();
  }

  private OptionalInt number(String path, String property) {
    return get(path, property)
        .filter(JsonNode::isIntegralNumber)
        .map(node -> OptionalInt.of(node.asInt()))
        .orElse(OptionalInt.empty());
  }

  private Optional<JsonNode> get(String path, String property) {
    try {
      return Optional.ofNullable(monitor.ask(new QomGet(path, property), deadline));
    } catch (CommandException.Refused e) {
      return Optional.empty();
    }
  }

  /** {@code /machine/peripheral/vd0/virtio-backend} belongs to the device {@code vd0}. */
  private static String idOf(String path) {
    if (!path.startsWith(PERIPHERAL)) {
      return path;
    }
    return List.of(path.substring(PERIPHERAL.length()).split("/", -1)).get(0);
  }
}
