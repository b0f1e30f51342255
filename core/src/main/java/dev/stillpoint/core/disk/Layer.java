package dev.stillpoint.core.disk;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * One of the things that lie on top of each other and together are a disk. Plain data: a layer says
 * what was seen when it was looked for, and is not kept up to date. Every path is absolute and one
 * of this host.
 */
public sealed interface Layer {

  /**
   * An image as the hypervisor reads it.
   *
   * @param name a path, or for what is not on this host its address without secrets
   * @param format as QEMU names it, such as {@code qcow2}; {@code unknown} where no tool could tell
   * @param probed whether the format was guessed from the image's first bytes; of a raw image these
   *     are the guest's own
   * @param backing the name of the image below it, resolved; empty where it has none
   */
  record Image(String name, String format, boolean probed, Optional<String> backing)
      implements Layer {}

  /**
   * A file.
   *
   * @param device the number of its file system, as {@code major:minor}
   * @param inode its number there
   */
  record File(Path path, String device, long inode) implements Layer {}

  /**
   * A mounted file system.
   *
   * @param type as the kernel names it, such as {@code ext4}
   * @param source what is mounted, such as {@code /dev/sda1}, {@code host:/export} or a dataset
   * @param options of the mount, then of the file system
   * @param part the subvolume of a btrfs, from its top, or the dataset of a ZFS; empty for others
   * @param reflink whether files can share their blocks; empty where that is not known
   */
  record FileSystem(
      String type,
      Path mountPoint,
      String source,
      List<String> options,
      Optional<String> part,
      Optional<Boolean> reflink)
      implements Layer {
    /** Copies the list. */
    public FileSystem {
      options = List.copyOf(options);
    }
  }

  /**
   * A whole block device, or one under which this host cannot look.
   *
   * @param number {@code major:minor}
   * @param bytes its size; empty where the kernel does not tell
   */
  record BlockDevice(Path device, String number, Optional<Long> bytes) implements Layer {}

  /**
   * A partition.
   *
   * @param number {@code major:minor}
   * @param index its place in the partition table, from 1
   */
  record Partition(Path device, String number, int index) implements Layer {}

  /**
   * A loop device; the file that it shows is the next layer.
   *
   * @param number {@code major:minor}
   * @param offset where in the file it begins, in bytes
   */
  record Loop(Path device, String number, long offset) implements Layer {}

  /**
   * A logical volume of LVM.
   *
   * @param number {@code major:minor}
   * @param pool the thin pool, for a thin volume
   * @param origin what it is a classic snapshot of; the origin of a thin one is not known
   */
  record LogicalVolume(
      Path device,
      String number,
      String group,
      String name,
      Optional<String> pool,
      Optional<String> origin)
      implements Layer {
    /** Whether it takes its space from a thin pool. */
    public boolean isThin() {
      return pool.isPresent();
    }
  }

  /**
   * Any other device of the device mapper, such as a dm-crypt or a multipath.
   *
   * @param number {@code major:minor}
   * @param name the device mapper's
   * @param uuid the device mapper's, whose beginning says who made it; may be empty text
   */
  record Mapping(Path device, String number, String name, String uuid) implements Layer {}

  /**
   * A volume of a ZFS.
   *
   * @param number {@code major:minor}
   * @param dataset pool and volume
   */
  record Zvol(Path device, String number, String dataset) implements Layer {}

  /**
   * An image in a Ceph cluster.
   *
   * @param namespace within the pool; empty for the default one
   * @param snapshot where not the image itself but a snapshot of it is used
   */
  record RbdImage(String pool, Optional<String> namespace, String image, Optional<String> snapshot)
      implements Layer {}

  /**
   * Something on another host, or behind a socket.
   *
   * @param protocol such as {@code nbd}, {@code https} or {@code nfs}
   * @param address without user names and secrets
   */
  record Remote(String protocol, String address) implements Layer {}

  /**
   * Several devices side by side, as under a RAID; what is under each of them is not looked at.
   *
   * @param devices at least two
   */
  record Several(List<Layer> devices) implements Layer {
    /** Copies the list. */
    public Several {
      devices = List.copyOf(devices);
    }
  }

  /**
   * Where the way down ends although something lies there.
   *
   * @param why in words for a person
   */
  record Unseen(String name, String why) implements Layer {}
}
