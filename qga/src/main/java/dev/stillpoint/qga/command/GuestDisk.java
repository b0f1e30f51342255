package dev.stillpoint.qga.command;

import org.jspecify.annotations.Nullable;

/**
 * Where a disk sits, as the guest sees it. Numbers are -1, or null, where the agent cannot tell.
 *
 * @param dev its node in the guest
 * @param busType such as {@code virtio}, {@code scsi} or {@code nvme}; later versions know more
 * @param pciController the controller's address
 * @param ccwAddress on s390x; since QEMU 6.0
 */
public record GuestDisk(
    @Nullable String serial,
    @Nullable String dev,
    @Nullable String busType,
    @Nullable PciAddress pciController,
    @Nullable Integer bus,
    @Nullable Integer target,
    @Nullable Integer unit,
    @Nullable CcwAddress ccwAddress) {

  /** A PCI address; a number that the agent does not know is -1. */
  public record PciAddress(int domain, int bus, int slot, int function) {
    /** Whether the agent knew it. */
    public boolean isKnown() {
      return domain >= 0 && bus >= 0 && slot >= 0 && function >= 0;
    }
  }

  /** A channel address of s390x. */
  public record CcwAddress(int cssid, int ssid, int subchno, int devno) {}
}
