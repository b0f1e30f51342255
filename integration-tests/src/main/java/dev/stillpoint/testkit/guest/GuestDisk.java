package dev.stillpoint.testkit.guest;

import java.util.OptionalLong;

/**
 * One disk of a guest. Disk {@code N} is node {@code diskN} in QEMU, device {@code vdN} with serial
 * {@code diskN}, and {@code /dataN} in the guest.
 *
 * @param fileSystem what the host puts on it before the first boot
 * @param format the image's format
 * @param sizeBytes the virtual size; XFS wants 300 MB at least
 * @param throttleBytesPerSecond puts a throttle filter node {@code throttleN} between the device
 *     and {@code diskN}
 */
public record GuestDisk(
    FileSystem fileSystem, Format format, long sizeBytes, OptionalLong throttleBytesPerSecond) {
  /** mkfs.xfs refuses less than 300 MB. The images are sparse, so size costs nothing. */
  public static final long DEFAULT_SIZE = 320L << 20;

  /** Where lvm2 puts the first extent of a volume, in bytes. */
  public static final long LVM_START = 1L << 20;

  public GuestDisk {
    if (sizeBytes < 1L << 20) {
      throw new IllegalArgumentException("a disk of %d bytes is too small".formatted(sizeBytes));
    }
  }

  /** A qcow2 disk of the default size. */
  public static GuestDisk of(FileSystem fileSystem) {
    return new GuestDisk(fileSystem, Format.QCOW2, DEFAULT_SIZE, OptionalLong.empty());
  }

  /** The same disk in a raw image. */
  public GuestDisk raw() {
    return new GuestDisk(fileSystem, Format.RAW, sizeBytes, throttleBytesPerSecond);
  }

  /** The same disk below a throttle filter of that limit for reads and writes together. */
  public GuestDisk throttled(long bytesPerSecond) {
    return new GuestDisk(fileSystem, format, sizeBytes, OptionalLong.of(bytesPerSecond));
  }

  /** The name of the image file for this disk at that place. */
  String fileName(int index) {
    return "disk%d.%s".formatted(index, format.driver());
  }

  /** What is on the disk. */
  public enum FileSystem {
    EXT4,
    XFS,
    BTRFS,
    /**
     * An ext4 that fills a logical volume: disk N is the only physical volume of group {@code vgN},
     * and {@code /dataN} is on {@code vgN/lv}. {@code guest-get-fsinfo} of qemu-ga 7.2 names it
     * {@code dm-0} with the address and serial of disk N; {@code guest-get-disks} has {@code
     * /dev/dm-0} without an address, and disk N's device in its {@code dependencies}. On the disk
     * it begins at {@link GuestDisk#LVM_START}.
     */
    EXT4_ON_LVM,
    /**
     * The only physical volume of the group {@code vg}, in which there is a thin pool {@code
     * vg/pool}: the guest is an array, and serves volumes over NBD.
     */
    VOLUME_GROUP,
    /**
     * The only device of the ZFS pool {@code tank}: the guest is an array of an OpenZFS, and serves
     * volumes over NBD.
     */
    ZFS_POOL,
    /** Nothing at all: the guest does not mount it. */
    NONE
  }

  /** Image formats that the kit makes, by QEMU's driver name. */
  public enum Format {
    QCOW2("qcow2"),
    RAW("raw");

    private final String driver;

    Format(String driver) {
      this.driver = driver;
    }

    /** The name for {@code -blockdev driver=} and {@code qemu-img -O}. */
    public String driver() {
      return driver;
    }
  }
}
