package dev.stillpoint.testkit.guest;

import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.GuestDisk.Format;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Freshly made file systems in image files, kept in the cache and copied sparsely. */
final class BlankDisks {
  private static final String IMAGE = "image";

  /** The extent that lvm2 takes by itself. */
  private static final long LVM_EXTENT = 4L << 20;

  private BlankDisks() {}

  /** Puts a fresh image for every disk into the directory; the files, in the disks' order. */
  static List<Path> create(List<GuestDisk> disks, Path directory) {
    var files = new ArrayList<Path>();
    for (int i = 0; i < disks.size(); i++) {
      Path file = directory.resolve(disks.get(i).fileName(i));
      copySparse(blank(disks.get(i)), file);
      files.add(file);
    }
    return List.copyOf(files);
  }

  /** Copies holes as holes, and shares the blocks where the file system can. */
  static void copySparse(Path from, Path to) {
    HostCommand.run(
        Path.of("/"),
        List.of("cp", "--sparse=always", "--reflink=auto", from.toString(), to.toString()));
  }

  private static Path blank(GuestDisk disk) {
    String key =
        Cache.key(
            List.of(
                disk.fileSystem().name(), disk.format().driver(), Long.toString(disk.sizeBytes())));
    return Cache.entry("disk", key, directory -> make(disk, directory)).resolve(IMAGE);
  }

  private static void make(GuestDisk disk, Path directory) throws IOException {
    HostTools.require("qemu-img");
    Path raw = directory.resolve("raw");
    try (var file = new RandomAccessFile(raw.toFile(), "rw")) {
      file.setLength(disk.sizeBytes());
    }
    List<String> mkfs = mkfs(disk, raw.toString());
    if (!mkfs.isEmpty()) {
      HostCommand.run(directory, mkfs);
    }
    if (disk.format() == Format.RAW) {
      Files.move(raw, directory.resolve(IMAGE));
      return;
    }
    HostCommand.run(
        directory,
        List.of("qemu-img", "convert", "-q", "-O", disk.format().driver(), "raw", IMAGE));
    Files.delete(raw);
  }

  private static List<String> mkfs(GuestDisk disk, String raw) {
    return switch (disk.fileSystem()) {
      case EXT4 -> List.of("mkfs.ext4", "-q", "-F", raw);
      case XFS -> List.of("mkfs.xfs", "-q", raw);
      case BTRFS -> List.of("mkfs.btrfs", "-q", raw);
      case EXT4_ON_LVM -> {
        // The guest lays a volume over it, whose extents are these whole ones.
        long extents = (disk.sizeBytes() - GuestDisk.LVM_START) / LVM_EXTENT;
        String offset = "offset=" + GuestDisk.LVM_START;
        String size = extents * LVM_EXTENT / 1024 + "k";
        yield List.of("mkfs.ext4", "-q", "-F", "-E", offset, raw, size);
      }
      case VOLUME_GROUP, ZFS_POOL, NONE -> List.of();
    };
  }
}
