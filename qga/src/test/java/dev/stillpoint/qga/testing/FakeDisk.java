package dev.stillpoint.qga.testing;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.wire.Json;
import org.jspecify.annotations.Nullable;

/**
 * The address of a disk as an agent tells it; -1 is what it says of a number that it does not know.
 *
 * @param pci the controller's address
 */
public record FakeDisk(
    String busType,
    @Nullable String serial,
    @Nullable String dev,
    Pci pci,
    int bus,
    int target,
    int unit) {

  /** A PCI address. */
  public record Pci(int domain, int bus, int slot, int function) {
    /** What an agent says when it does not know. */
    public static final Pci UNKNOWN = new Pci(-1, -1, -1, -1);
  }

  /** A virtio disk that is known by its serial. */
  public static FakeDisk serial(String serial) {
    return new FakeDisk("virtio", serial, null, Pci.UNKNOWN, 0, 0, 0);
  }

  /** A virtio disk without a serial, in a slot of the first PCI bus. */
  public static FakeDisk pci(int slot) {
    return new FakeDisk("virtio", null, null, new Pci(0, 0, slot, 0), 0, 0, 0);
  }

  /** A SCSI disk without a serial, behind a controller in a slot of the first PCI bus. */
  public static FakeDisk scsi(int slot, int target, int unit) {
    return new FakeDisk("scsi", null, null, new Pci(0, 0, slot, 0), 0, target, unit);
  }

  /** The same disk under a device node. */
  public FakeDisk at(String device) {
    return new FakeDisk(busType, serial, device, pci, bus, target, unit);
  }

  ObjectNode json() {
    ObjectNode json = Json.object();
    json.putObject("pci-controller")
        .put("domain", pci.domain)
        .put("bus", pci.bus)
        .put("slot", pci.slot)
        .put("function", pci.function);
    json.put("bus-type", busType).put("bus", bus).put("target", target).put("unit", unit);
    if (serial != null) {
      json.put("serial", serial);
    }
    if (dev != null) {
      json.put("dev", dev);
    }
    return json;
  }
}
