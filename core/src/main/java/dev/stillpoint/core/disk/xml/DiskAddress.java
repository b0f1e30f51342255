package dev.stillpoint.core.disk.xml;

/** Where on which bus of the guest a disk sits. */
public sealed interface DiskAddress {

  /** A PCI function, in the numbers that QEMU's {@code query-pci} has too. */
  record Pci(int domain, int bus, int slot, int function) implements DiskAddress {
    static final int MAX_DOMAIN = 0xFFFF;
    static final int MAX_BUS = 0xFF;
    static final int MAX_SLOT = 0x1F;
    static final int MAX_FUNCTION = 7;
  }

  /** A place at a controller, such as a SCSI target. */
  record Drive(int controller, int bus, int target, int unit) implements DiskAddress {}

  /**
   * Any other kind.
   *
   * @param type as libvirt names it, such as {@code ccw} or {@code usb}
   */
  record Other(String type) implements DiskAddress {}
}
