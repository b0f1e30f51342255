package dev.stillpoint.core.spi;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * A disk that is to be cut, and by what its guest may recognise it. What is not known is empty.
 *
 * @param name as the caller, or the machine, names it
 * @param serial the serial number that the guest is shown
 * @param pci the controller's address as the guest sees it
 * @param scsi the place behind that controller, for a SCSI disk
 * @param storageHosts hosts that serve the disk, or the place of its new image, over a network
 */
public record CutDisk(
    String name,
    Optional<String> serial,
    Optional<PciAddress> pci,
    Optional<ScsiAddress> scsi,
    Set<String> storageHosts) {

  /** A PCI address in the guest. */
  public record PciAddress(int domain, int bus, int slot, int function) {}

  /** A place on a SCSI controller. */
  public record ScsiAddress(int channel, int target, int unit) {}

  /** Copies the set. */
  public CutDisk {
    storageHosts = Set.copyOf(storageHosts);
  }

  /** A disk of which nothing but the name is known. */
  public static CutDisk named(String name) {
    return new CutDisk(name, Optional.empty(), Optional.empty(), Optional.empty(), Set.of());
  }

  /** The same disk, served by these hosts too. */
  public CutDisk alsoOn(Set<String> hosts) {
    Set<String> all = new HashSet<>(storageHosts);
    all.addAll(hosts);
    return new CutDisk(name, serial, pci, scsi, all);
  }
}
