package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import java.util.List;
import java.util.Optional;

/** What an array keeps its volumes in. */
enum ArrayKind {
  LVM,
  ZFS;

  /** What a guest with such a disk is an array of; empty for what is no array. */
  static Optional<ArrayKind> onDiskOf(FileSystem fileSystem) {
    return switch (fileSystem) {
      case VOLUME_GROUP -> Optional.of(LVM);
      case ZFS_POOL -> Optional.of(ZFS);
      case EXT4, XFS, BTRFS, EXT4_ON_LVM, NONE -> Optional.empty();
    };
  }

  /** The resource that makes its storage at boot. */
  String script() {
    return switch (this) {
      case LVM -> "array-lvm.sh";
      case ZFS -> "array-zfs.sh";
    };
  }

  /** What it loads of the kernel's own modules. */
  List<String> modules() {
    return switch (this) {
      case LVM ->
          List.of("dm-bufio", "dm-snapshot", "dm-persistent-data", "dm-bio-prison", "dm-thin-pool");
      case ZFS ->
          List.of(
              "zlib_deflate",
              "configfs",
              "scsi_common",
              "scsi_mod",
              "target_core_mod",
              "target_core_iblock",
              "target_core_file",
              "nvmet");
    };
  }

  /** What it runs by its name. */
  List<String> programs() {
    return switch (this) {
      case LVM ->
          List.of(
              "lvm",
              "lvchange",
              "lvconvert",
              "lvcreate",
              "lvremove",
              "lvrename",
              "lvs",
              "pvcreate",
              "pvs",
              "vgchange",
              "vgcreate",
              "vgs");
      case ZFS ->
          List.of("zfs", "zpool", "zvol_id", "cp", "find", "mv", "readlink", "rm", "stat", "sync");
    };
  }
}
