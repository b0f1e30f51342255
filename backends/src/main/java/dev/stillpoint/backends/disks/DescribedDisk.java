package dev.stillpoint.backends.disks;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.MethodChoice;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.disk.xml.DiskDescription;
import dev.stillpoint.core.disk.xml.DiskDescription.Device;
import dev.stillpoint.core.disk.xml.DiskXml;
import dev.stillpoint.core.disk.xml.DiskXmlException;
import dev.stillpoint.core.disk.xml.MethodXml;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A disk as libvirt's XML describes it, and how to cut it.
 *
 * @param xml the {@code <disk>}
 * @param method the {@code <diskSnapshot>} that counts; empty for the default of what the disk is
 */
public record DescribedDisk(DiskXml xml, Optional<MethodChoice> method) {
  /** The method whose {@code <overlay>} every method that makes a file could have. */
  private static final String QEMU = "qemu";

  private static final String RBD = "rbd";
  private static final String OVERLAY = "overlay";
  private static final String IMAGE = "image";

  /**
   * Reads a {@code <disk>}; a {@code <diskSnapshot>} in it says how to cut it.
   *
   * @throws DiskXmlException when it is no {@code <disk>}
   */
  public static DescribedDisk parse(String diskXml) {
    DiskXml xml = DiskXml.parse(diskXml);
    return new DescribedDisk(xml, xml.description().method());
  }

  /**
   * The same disk, cut as a {@code <diskSnapshot>} by itself says, whatever is said in the disk.
   *
   * @throws DiskXmlException when it is no {@code <diskSnapshot>}
   */
  public DescribedDisk withMethod(String methodXml) {
    return new DescribedDisk(xml, Optional.of(MethodXml.parse(methodXml)));
  }

  /** What the XML says. */
  public DiskDescription description() {
    return xml.description();
  }

  /** For a person: what libvirt calls the disk, and else where it is. */
  public String name() {
    return description()
        .alias()
        .or(() -> description().target())
        .or(() -> description().source().map(DiskSource::address))
        .orElse("a disk without a source");
  }

  /** The name by which it is known where there is no machine that has others. */
  String bareName() {
    return description().source().map(DiskSource::address).orElseGet(this::name);
  }

  /**
   * How to cut it, as the disk of that name.
   *
   * @throws SnapshotException with {@link ErrorCode#BAD_REQUEST} for an overlay that has no
   *     absolute path
   */
  SelectedDisk selected(String name) {
    SelectedDisk disk = SelectedDisk.named(name);
    if (method.isEmpty()) {
      return disk;
    }
    disk = disk.withMethod(method.get().method());
    for (Map.Entry<String, String> option : method.get().options().entrySet()) {
      disk =
          disk.method().filter(QEMU::equals).isPresent() && option.getKey().equals(OVERLAY)
              ? disk.withOverlay(overlay(option.getValue()))
              : disk.withOption(option.getKey(), option.getValue());
    }
    return disk.method().filter(RBD::equals).isPresent() ? withImage(disk) : disk;
  }

  /** The same without a machine, where an image of Ceph can be cut by one method alone. */
  SelectedDisk bare() {
    SelectedDisk disk = selected(bareName());
    boolean isRbd = description().source().filter(DiskSource.Rbd.class::isInstance).isPresent();
    return isRbd && disk.method().isEmpty() ? withImage(disk.withMethod(RBD)) : disk;
  }

  /** The method is told which image it is, unless the caller has told it. */
  private SelectedDisk withImage(SelectedDisk disk) {
    return description().source().orElse(null) instanceof DiskSource.Rbd rbd
            && !disk.options().containsKey(IMAGE)
        ? disk.withOption(IMAGE, rbd.address())
        : disk;
  }

  private Path overlay(String text) {
    try {
      Path path = Path.of(text);
      if (path.isAbsolute()) {
        return path;
      }
    } catch (InvalidPathException e) {
      throw refusal(ErrorCode.BAD_REQUEST, "the overlay's path cannot be one: " + e.getReason());
    }
    throw refusal(ErrorCode.BAD_REQUEST, "the overlay's path is not absolute: " + text);
  }

  /**
   * Refuses what is no disk that a guest writes to alone.
   *
   * @throws SnapshotException with {@link ErrorCode#DISK_UNSUITABLE}
   */
  void requireWritable() {
    DiskDescription disk = description();
    if (disk.device() == Device.CDROM || disk.device() == Device.FLOPPY) {
      throw refusal("is a " + (disk.device() == Device.CDROM ? "CD" : "floppy disk"));
    }
    if (disk.readOnly()) {
      throw refusal("is read-only");
    }
    if (disk.shareable()) {
      throw refusal("is shareable: another machine may write to it while this one is frozen");
    }
    if (disk.source().orElse(null) instanceof DiskSource.Rbd rbd && rbd.snapshot().isPresent()) {
      throw refusal("is the snapshot " + rbd.address() + ", to which nobody can write");
    }
  }

  /**
   * Refuses a method that would put an image where libvirt wants a device.
   *
   * @throws SnapshotException with {@link ErrorCode#DISK_UNSUITABLE}
   */
  void requireThatItFits(Optional<String> chosen) {
    if (description().device() == Device.LUN && chosen.filter(QEMU::equals).isPresent()) {
      throw refusal(
          "is passed through as a 'lun', and the method " + QEMU + " would put an image there");
    }
  }

  private SnapshotException refusal(String what) {
    return refusal(ErrorCode.DISK_UNSUITABLE, "the disk '" + name() + "' of the XML " + what);
  }

  SnapshotException refusal(ErrorCode code, String message) {
    return new SnapshotException(Failure.ofDisk(code, message, name()));
  }
}
