package dev.stillpoint.backends.guest;

import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutDisk.PciAddress;
import dev.stillpoint.core.spi.CutDisk.ScsiAddress;
import dev.stillpoint.qga.command.FileSystem;
import dev.stillpoint.qga.command.GuestDisk;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * On which of the disks that will be cut a file system of the guest lies: by serial number first,
 * then by PCI address, with the place on the controller for SCSI.
 *
 * @param on names of those disks
 * @param elsewhere whether it lies, at least in part, on a disk that will not be cut
 * @param unknown whether that cannot be told for some part of it
 */
record DiskMatch(Set<String> on, boolean elsewhere, boolean unknown) {
  /** A virtio disk shows the guest no more of its serial number. */
  private static final int VIRTIO_SERIAL_LENGTH = 20;

  /** Copies the set. */
  DiskMatch {
    on = Set.copyOf(on);
  }

  static DiskMatch of(FileSystem fileSystem, List<CutDisk> disks) {
    Set<String> on = new HashSet<>();
    boolean elsewhere = false;
    boolean unknown = fileSystem.disk().isEmpty() || disks.isEmpty();
    for (GuestDisk seen : fileSystem.disk()) {
      Optional<CutDisk> match = disks.stream().filter(disk -> isSame(seen, disk)).findFirst();
      match.ifPresent(disk -> on.add(disk.name()));
      if (match.isEmpty()) {
        boolean certain = disks.stream().allMatch(disk -> isOther(seen, disk));
        elsewhere |= certain;
        unknown |= !certain;
      }
    }
    return new DiskMatch(on, elsewhere, unknown);
  }

  private static boolean isSame(GuestDisk seen, CutDisk disk) {
    return sameSerial(seen, disk).orElse(false) || sameAddress(seen, disk).orElse(false);
  }

  /** A serial number is written in many ways, so that only the address can tell two disks apart. */
  private static boolean isOther(GuestDisk seen, CutDisk disk) {
    return sameAddress(seen, disk)
        .or(() -> sameSerial(seen, disk))
        .map(same -> !same)
        .orElse(false);
  }

  /** Linux puts vendor and model before the serial number of a SCSI disk. */
  private static Optional<Boolean> sameSerial(GuestDisk seen, CutDisk disk) {
    String serial = seen.serial();
    if (serial == null || serial.isEmpty() || disk.serial().isEmpty()) {
      return Optional.empty();
    }
    String ours = disk.serial().get();
    String shown =
        ours.length() > VIRTIO_SERIAL_LENGTH ? ours.substring(0, VIRTIO_SERIAL_LENGTH) : ours;
    return Optional.of(serial.equals(ours) || serial.equals(shown) || serial.endsWith("_" + ours));
  }

  private static Optional<Boolean> sameAddress(GuestDisk seen, CutDisk disk) {
    Optional<PciAddress> controller = controller(seen);
    if (controller.isEmpty() || disk.pci().isEmpty()) {
      return Optional.empty();
    }
    boolean sameController = controller.equals(disk.pci());
    if (!sameController || !"scsi".equals(seen.busType())) {
      return Optional.of(sameController);
    }
    return place(seen).flatMap(there -> disk.scsi().map(there::equals));
  }

  private static Optional<ScsiAddress> place(GuestDisk seen) {
    Integer bus = seen.bus();
    Integer target = seen.target();
    Integer unit = seen.unit();
    return bus == null || target == null || unit == null || unit < 0
        ? Optional.empty()
        : Optional.of(new ScsiAddress(bus, target, unit));
  }

  private static Optional<PciAddress> controller(GuestDisk seen) {
    return Optional.ofNullable(seen.pciController())
        .filter(GuestDisk.PciAddress::isKnown)
        .map(pci -> new PciAddress(pci.domain(), pci.bus(), pci.slot(), pci.function()));
  }
}
