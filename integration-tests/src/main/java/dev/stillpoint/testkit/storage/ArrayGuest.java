package dev.stillpoint.testkit.storage;

import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.util.List;

/**
 * A storage array: a guest that owns the volume group {@code vg} with the thin pool {@code
 * vg/pool}.
 */
public final class ArrayGuest extends StorageGuest {
  /** The volume group. */
  public static final String GROUP = "vg";

  /** The thin pool in it; 640 MiB. */
  public static final String POOL = "pool";

  private static final long SIZE = 2L << 30;
  private static final GuestConfig CONFIG = config(FileSystem.VOLUME_GROUP, SIZE);

  private ArrayGuest(Guest guest) {
    super(guest);
  }

  /** An array of its own, with nothing but the pool in its group. */
  public static ArrayGuest start() {
    return new ArrayGuest(WarmGuest.start(CONFIG));
  }

  @Override
  String device(String name) {
    return "/dev/%s/%s".formatted(GROUP, name);
  }

  /** Makes a classic volume. */
  public void createVolume(String name, long bytes) {
    shell("lvcreate -q -y -Wn -L %db -n %s %s".formatted(bytes, name, GROUP));
  }

  /** Makes a volume in the pool. */
  public void createThinVolume(String name, long bytes) {
    shell("lvcreate -q -y -Wn -V %db --thinpool %s -n %s %s".formatted(bytes, POOL, name, GROUP));
  }

  /** The names of all volumes and snapshots, without the pool's own. */
  public List<String> volumes() {
    return shell("lvs --noheadings -o lv_name " + GROUP)
        .lines()
        .map(String::strip)
        .filter(name -> !name.equals(POOL))
        .toList();
  }

  /** Removes all volumes and snapshots, and leaves the pool. */
  public void removeVolumes() {
    if (!volumes().isEmpty()) {
      shell("lvremove -q -f -y --select lv_name!=%s %s".formatted(POOL, GROUP));
    }
  }
}
