package dev.stillpoint.backends.qemu.block;

import java.util.Set;

/** What we know of QEMU's block drivers. */
final class BlockDrivers {
  /** Filters that we know how to look under: a cut goes below them, so that they stay in force. */
  private static final Set<String> FILTERS = Set.of("throttle", "copy-on-read", "compress");

  /** Nodes that QEMU puts above a disk while a job works on it. */
  private static final Set<String> JOB_FILTERS =
      Set.of("mirror_top", "commit_top", "copy-before-write", "backup-top");

  /** The image formats: what such a node reads is not what lies below it. */
  private static final Set<String> FORMATS =
      Set.of(
          "qcow2",
          "raw",
          "qcow",
          "qed",
          "vmdk",
          "vdi",
          "vpc",
          "vhdx",
          "parallels",
          "luks",
          "cloop",
          "dmg",
          "bochs");

  /** The protocols, which lead to an image somewhere. */
  private static final Set<String> PROTOCOLS =
      Set.of(
          "file",
          "host_device",
          "host_cdrom",
          "nbd",
          "rbd",
          "nfs",
          "iscsi",
          "ssh",
          "gluster",
          "http",
          "https",
          "ftp",
          "ftps",
          "nvme",
          "null-co",
          "null-aio",
          "vvfat",
          "virtio-blk-vhost-user",
          "virtio-blk-vhost-vdpa",
          "virtio-blk-vfio-pci",
          "nvme-io_uring",
          "io_uring");

  private BlockDrivers() {}

  static boolean isFilter(String driver) {
    return FILTERS.contains(driver);
  }

  /** Whether QEMU puts nodes of it there for a job. */
  static boolean isOfJob(String driver) {
    return JOB_FILTERS.contains(driver);
  }

  /** Whether it is an image itself, and nothing that stands before one. */
  static boolean isImage(String driver) {
    return FORMATS.contains(driver) || PROTOCOLS.contains(driver);
  }

  /** Whether it leads to an image and looks into none. */
  static boolean isProtocol(String driver) {
    return PROTOCOLS.contains(driver);
  }
}
