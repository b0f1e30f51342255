package dev.stillpoint.core.disk;

import java.nio.file.Path;
import java.util.Optional;

/** Where the bytes of a disk live, and in which image format. */
public sealed interface DiskSource {

  /** The image format as QEMU names it, such as {@code qcow2} or {@code raw}. */
  String format();

  /** By what it is known among those of its kind, in one text: a path, or what its storage says. */
  String address();

  /** An image in a file system of the host; the path is absolute. */
  record File(Path path, String format) implements DiskSource {
    @Override
    public String address() {
      return path.toString();
    }
  }

  /** A block device of the host, such as a logical volume; the path is absolute. */
  record Device(Path path, String format) implements DiskSource {
    @Override
    public String address() {
      return path.toString();
    }
  }

  /**
   * A snapshot inside an image, as a qcow2 keeps them. It can be read while no machine writes to
   * the image.
   *
   * @param image a file or a block device of the host; the path is absolute
   * @param snapshot its name there
   */
  record Internal(Path image, String snapshot, String format) implements DiskSource {
    @Override
    public String address() {
      return image + "@" + snapshot;
    }
  }

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
     * The image with that {@link #address()}.
     *
     * @throws IllegalArgumentException when no image can have it
     */
    public static Rbd at(String address, String format) {
      int mark = address.indexOf('@');
      String[] names = (mark < 0 ? address : address.substring(0, mark)).split("/", -1);
      boolean whole = (names.length == 2 || names.length == 3) && mark != address.length() - 1;
      for (String name : names) {
        whole &= !name.isEmpty();
      }
      if (!whole) {
        throw new IllegalArgumentException(
            "an rbd image is pool/image or pool/namespace/image, and not " + address);
      }
      return new Rbd(
          names[0],
          names.length == 3 ? Optional.of(names[1]) : Optional.empty(),
          names[names.length - 1],
          mark < 0 ? Optional.empty() : Optional.of(address.substring(mark + 1)),
          format);
    }

    /**
     * As the rbd command spells it: {@code pool/namespace/image@snapshot}, what is empty left out.
     */
    @Override
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
    /**
     * The volume with that {@link #address()}; a pool has no {@code /} in its name.
     *
     * @throws IllegalArgumentException when no volume can have it
     */
    public static Pooled at(String address, String format) {
      int slash = address.indexOf('/');
      if (slash < 1 || slash == address.length() - 1) {
        throw new IllegalArgumentException("a volume of a pool is pool/volume, and not " + address);
      }
      return new Pooled(address.substring(0, slash), address.substring(slash + 1), format);
    }

    /** For a person and for scripts: {@code pool/volume}. */
    @Override
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
