package dev.stillpoint.core.disk.xml;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.MethodChoice;
import java.util.Optional;

/**
 * What a {@code <disk>} of libvirt says of a disk, as far as it matters here.
 *
 * @param device what the guest takes it for
 * @param source where its bytes live; empty for a drive without a medium
 * @param format the image format; {@code raw} where the XML has none, as libvirt takes it
 * @param target the name that libvirt knows it by, such as {@code vda}
 * @param bus of the target, such as {@code virtio}
 * @param serial as the guest sees it
 * @param address where in the guest it sits; empty where libvirt is to choose
 * @param alias under libvirt the qdev id that QEMU knows the device by, such as {@code
 *     virtio-disk0} or {@code ua-data}; a machine that does not run often has none
 * @param readOnly whether the guest cannot write; always so for a CD
 * @param shareable whether several machines may use it at once
 * @param method the {@code <diskSnapshot>} in it
 */
public record DiskDescription(
    Device device,
    Optional<DiskSource> source,
    String format,
    Optional<String> target,
    Optional<String> bus,
    Optional<String> serial,
    Optional<DiskAddress> address,
    Optional<String> alias,
    boolean readOnly,
    boolean shareable,
    Optional<MethodChoice> method) {

  /** What the guest takes a disk for. */
  public enum Device {
    /** A hard disk. */
    DISK,
    /** A drive for CDs. */
    CDROM,
    /** A drive for floppy disks. */
    FLOPPY,
    /** A disk of the host that is passed through with its SCSI commands. */
    LUN
  }

  /** The same disk with its bytes somewhere else. */
  public DiskDescription withSource(DiskSource other) {
    return new DiskDescription(
        device,
        Optional.of(other),
        other.format(),
        target,
        bus,
        serial,
        address,
        alias,
        readOnly,
        shareable,
        method);
  }
}
