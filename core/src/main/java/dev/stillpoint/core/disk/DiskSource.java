package dev.stillpoint.core.disk;

import java.nio.file.Path;
import java.util.Optional;

/** Where the bytes of a disk live, and in which image format. */
public sealed interface DiskSource {

  /** The image format as QEMU names it, such as {@code qcow2} or {@code raw}. */
  String format();

  /** An image in a file system of the host; the path is absolute. */
  record File(Path path, String format) implements DiskSource {}

  /** A block device of the host, such as a logical volume; the path is absolute. */
  record Device(Path path, String format) implements DiskSource {}

  /**
   * An image in a Ceph cluster; which cluster is not told.
   *
   * @param namespace within the pool; empty for the default one
   * @param snapshot where not the image itself but a snapshot of it is meant
   */
  record Rbd(
      String pool,
      Optional<String> namespace,
      String image,
      Optional<String> snapshot,
      String format)
      implements DiskSource {
    /**
     * As the rbd command spells it: {@code pool/namespace/image@snapshot}, what is empty left out.
     */
    public String address() {
      return pool
          + "/"
          + namespace.map(name -> name + "/").orElse("")
          + image
          + snapshot.map(name -> "@" + name).orElse("");
    }
  }

  /**
   * A volume in a storage pool of libvirt. Where its bytes are is known to whoever knows the pools.
   */
  record Pooled(String pool, String volume, String format) implements DiskSource {
    /** For a person and for scripts: {@code pool/volume}. */
    public String address() {
      return pool + "/" + volume;
    }
  }

  /**
   * Anything else that can be named but not opened by a path on this host.
   *
   * @param address the name as the hypervisor gives it, such as an rbd image or an NBD export
   */
  record Remote(String address, String format) implements DiskSource {}
}
