package dev.stillpoint.testkit.storage;

import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.util.List;

/**
 * A ZFS server: a guest with an OpenZFS that owns the pool {@code tank}, whose volumes show their
 * snapshots as devices and whose datasets are mounted below {@code /tank}. The modules are built
 * when it is started for the first time, which takes some minutes and a compiler.
 *
 * <p>It has no udev: {@link #links} does what that does.
 */
public final class ZfsGuest extends StorageGuest {
  /** The pool, and its top dataset. */
  public static final String POOL = "tank";

  private static final long SIZE = 1L << 30;
  private static final GuestConfig CONFIG = config(FileSystem.ZFS_POOL, SIZE, "-m", "512");

  private ZfsGuest(Guest guest) {
    super(guest);
  }

  /** A server of its own, with nothing in its pool. */
  public static ZfsGuest start() {
    return new ZfsGuest(WarmGuest.start(CONFIG));
  }

  @Override
  String device(String name) {
    links();
    return "/dev/zvol/%s/%s".formatted(POOL, name);
  }

  /** Shows the devices of all volumes and snapshots below {@code /dev/zvol}. */
  public void links() {
    shell("zvol_links");
  }

  /**
   * Makes a volume that takes no room before it is written to.
   *
   * @param name below the pool
   */
  public void createVolume(String name, long bytes) {
    shell("zfs create -s -V %d %s/%s".formatted(bytes, POOL, name));
    links();
  }

  /**
   * Makes a dataset.
   *
   * @param name below the pool
   * @return where it is mounted
   */
  public String createDataset(String name) {
    shell("zfs create %s/%s".formatted(POOL, name));
    return "/%s/%s".formatted(POOL, name);
  }

  /** Every dataset, volume and snapshot, each with the number that no other one ever has. */
  public List<String> contents() {
    return shell("zfs list -H -t all -o name,guid -r " + POOL).lines().sorted().toList();
  }

  /** Destroys all but the pool's top dataset, with its snapshots. */
  public void removeAll() {
    shell(
        "for one in $(zfs list -H -t all -d 1 -o name %s); do [ $one = %s ] || zfs destroy -R $one; done"
            .formatted(POOL, POOL));
    links();
  }
}
