package dev.stillpoint.backends.guest;

import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutDisk.PciAddress;
import dev.stillpoint.core.spi.CutDisk.ScsiAddress;
import dev.stillpoint.qga.qapi.GuestDiskAddress;
import dev.stillpoint.qga.qapi.GuestDiskBusType;
import dev.stillpoint.qga.qapi.GuestFilesystemInfo;
import dev.stillpoint.qga.qapi.GuestPCIAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

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

  static DiskMatch of(GuestFilesystemInfo fileSystem, List<CutDisk> disks) {
    Set<String> on = new HashSet<>();
    boolean elsewhere = false;
    boolean unknown = fileSystem.disk().isEmpty() || disks.isEmpty();
    for (GuestDiskAddress seen : fileSystem.disk()) {
      Optional<CutDisk> match =
          first(disks, disk -> sameSerial(seen, disk))
              .or(() -> first(disks, disk -> samePlace(seen, disk)));
      match.ifPresent(disk -> on.add(disk.name()));
      if (match.isEmpty()) {
        boolean certain = disks.stream().allMatch(disk -> isOther(seen, disk));
        elsewhere |= certain;
        unknown |= !certain;
      }
    }
    return new DiskMatch(on, elsewhere, unknown);
  }

  private static Optional<CutDisk> first(List<CutDisk> disks, Predicate<CutDisk> same) {
    return disks.stream().filter(same).findFirst();
  }

  /** Linux puts vendor and model before the serial number of a SCSI disk. */
  private static boolean sameSerial(GuestDiskAddress seen, CutDisk disk) {
    String serial = seen.serial();
    if (serial == null || serial.isEmpty() || disk.serial().isEmpty()) {
      return false;
    }
    String ours = disk.serial().get();
    return serial.equals(ours) || serial.equals(shown(ours)) || serial.endsWith("_" + ours);
  }

  private static String shown(String serial) {
    return serial.length() > VIRTIO_SERIAL_LENGTH
        ? serial.substring(0, VIRTIO_SERIAL_LENGTH)
        : serial;
  }

  /** A virtio controller has one disk; of the others only SCSI tells the place behind it. */
  private static boolean samePlace(GuestDiskAddress seen, CutDisk disk) {
    if (!controllers(seen, disk).orElse(false)) {
      return false;
    }
    return isVirtio(seen)
        || (isScsi(seen) && place(seen).isPresent() && place(seen).equals(disk.scsi()));
  }

  /**
   * Whether it is certain that this is another disk. A serial number is written in too many ways
   * for that, but for virtio, where the guest sees it as it is.
   */
  private static boolean isOther(GuestDiskAddress seen, CutDisk disk) {
    Optional<Boolean> sameController = controllers(seen, disk);
    if (sameController.isPresent()) {
      return !sameController.get()
          || (isScsi(seen) && place(seen).isPresent() && disk.scsi().isPresent());
    }
    return isVirtio(seen) && seen.serial() != null && disk.serial().isPresent();
  }

  private static boolean isVirtio(GuestDiskAddress seen) {
    return GuestDiskBusType.VIRTIO.equals(seen.busType());
  }

  private static boolean isScsi(GuestDiskAddress seen) {
    return GuestDiskBusType.SCSI.equals(seen.busType());
  }

  /** Whether both sit on one controller; empty where that is not known of both. */
  private static Optional<Boolean> controllers(GuestDiskAddress seen, CutDisk disk) {
    return controller(seen).flatMap(there -> disk.pci().map(there::equals));
  }

  private static Optional<ScsiAddress> place(GuestDiskAddress seen) {
    return seen.unit() < 0
        ? Optional.empty()
        : Optional.of(new ScsiAddress((int) seen.bus(), (int) seen.target(), (int) seen.unit()));
  }

  private static Optional<PciAddress> controller(GuestDiskAddress seen) {
    return Optional.ofNullable(seen.pciController())
        .filter(DiskMatch::isKnown)
        .map(pci ->
            new PciAddress(
                (int) pci.domain(), (int) pci.bus(), (int) pci.slot(), (int) pci.function()));
  }

  /** A number that the agent does not know is -1. */
  private static boolean isKnown(GuestPCIAddress pci) {
    return pci.domain() >= 0 && pci.bus() >= 0 && pci.slot() >= 0 && pci.function() >= 0;
  }
}
