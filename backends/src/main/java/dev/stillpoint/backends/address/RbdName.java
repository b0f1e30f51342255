package dev.stillpoint.backends.address;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.Layer;
import java.util.Optional;

/** The image of a Ceph cluster that a QEMU opened. */
public final class RbdName {
  private RbdName() {}

  /**
   * Reads the name of an image as QEMU gives it, such as {@code rbd:pool/image:conf=...} or {@code
   * json:{"driver": "raw", "file": {"driver": "rbd", ...}}}.
   *
   * @return the image, in that format; empty where it is no image of a Ceph cluster
   */
  public static Optional<DiskSource.Rbd> read(String name, String format) {
    return ImageAddress.of(name, Optional.empty()) instanceof ImageAddress.Elsewhere elsewhere
            && elsewhere.layer() instanceof Layer.RbdImage image
        ? Optional.of(
            new DiskSource.Rbd(
                image.pool(), image.namespace(), image.image(), image.snapshot(), format))
        : Optional.empty();
  }
}
