package dev.stillpoint.core.disk;

import java.nio.file.Path;

/** Where the bytes of a disk live, and in which image format. */
public sealed interface DiskSource {

  /** The image format as QEMU names it, such as {@code qcow2} or {@code raw}. */
  String format();

  /** An image in a file system of the host; the path is absolute. */
  record File(Path path, String format) implements DiskSource {}

  /** A block device of the host, such as a logical volume; the path is absolute. */
  record Device(Path path, String format) implements DiskSource {}

  /**
   * Anything else that can be named but not opened by a path on this host.
   *
   * @param address the name as the hypervisor gives it, such as an rbd image or an NBD export
   */
  record Remote(String address, String format) implements DiskSource {}
}
