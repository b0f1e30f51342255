package dev.stillpoint.backends.qemu.block;

import dev.stillpoint.backends.address.ToldName;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.qmp.qapi.BlockDeviceInfo;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A disk of the machine.
 *
 * @param qdev the id of the guest's device, or its path; empty for a node that is only exported
 * @param qomPath where the guest's device is in the object tree; empty as above
 * @param device the name of the block device, as with {@code -drive}; empty where it has none
 * @param top the node that the device is attached to, perhaps a filter
 * @param node the format node under all filters: the one that is cut
 * @param fileName the image's name as QEMU gives it, a path or something like {@code json:...}; the
 *     path, too, of one that was handed to QEMU open. Perhaps with secrets in it: it is for QEMU
 *     alone, and what is told of it is {@link #source}
 */
public record AttachedDisk(
    Optional<String> qdev,
    Optional<String> qomPath,
    Optional<String> device,
    BlockDeviceInfo top,
    BlockDeviceInfo node,
    String fileName,
    boolean removable,
    boolean readOnly) {

  /** The name by which a person knows it best. */
  public String label() {
    return qdev.or(() -> device).orElseGet(this::nodeName);
  }

  public String nodeName() {
    String name = node.nodeName();
    return name == null ? "" : name;
  }

  public boolean isUnderFilter() {
    String topName = top.nodeName();
    return topName != null && !topName.equals(node.nodeName());
  }

  public long size() {
    return node.image().virtualSize();
  }

  /** The format by which an overlay names it; a bare protocol node is raw. */
  public String format() {
    return format(node.drv());
  }

  /** The image that it is written to. */
  public DiskSource source() {
    return source(fileName, format());
  }

  /** An image, by the name that QEMU gives it, without the secrets of that. */
  public static DiskSource source(String fileName, String format) {
    if (!fileName.startsWith("/")) {
      return new DiskSource.Remote(ToldName.of(fileName), format);
    }
    Path image = Path.of(fileName);
    return image.startsWith("/dev")
        ? new DiskSource.Device(image, format)
        : new DiskSource.File(image, format);
  }

  /**
   * The image format behind a node of this driver: a protocol alone reads the image as raw, and no
   * overlay may name it otherwise.
   */
  public static String format(String driver) {
    return BlockDrivers.isProtocol(driver) ? "raw" : driver;
  }
}
