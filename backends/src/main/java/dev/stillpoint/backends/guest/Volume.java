package dev.stillpoint.backends.guest;

import java.util.Set;

/**
 * A file system of the guest, and where it lies.
 *
 * @param disks those of the machine's disks that it lies on, by the names that QEMU has for them;
 *     empty where that is not known
 * @param freezes whether its kind can be frozen
 */
public record Volume(String mountpoint, String type, Set<String> disks, boolean freezes) {
  /** Copies the set. */
  public Volume {
    disks = Set.copyOf(disks);
  }
}
