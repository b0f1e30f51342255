package dev.stillpoint.backends;

import dev.stillpoint.backends.disks.DescribedDisk;
import dev.stillpoint.backends.disks.DescribedDisks;
import dev.stillpoint.core.disk.xml.DiskXmlException;
import dev.stillpoint.core.snapshot.Pausing;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Snapshots of disks that libvirt's XML describes: {@code <disk>} in, and out again for what the
 * machine uses afterwards, with the {@code <source>} that a backup may read. For whoever keeps the
 * configuration of machines as that XML; no libvirt is touched. {@code docs/xml.md} tells how the
 * XML's disk is found in a machine. Everything here may be called from any thread.
 *
 * {@snippet :
 * DescribedSnapshot taken =
 *     DiskSnapshots.create(machine, diskXml, Optional.empty(), "nightly", Set.of(QUIESCE))
 *         .result().toCompletableFuture().join();
 * for (DescribedSnapshot.Disk disk : taken.disks()) {
 *   disk.modifiedDiskXml().ifPresent(this::storeInConfiguration);
 *   disk.backupSourceXml().ifPresent(this::backUp);
 * }
 * }
 */
public final class DiskSnapshots {
  /** What a caller may choose beside the disk, its method and the name. */
  public enum Flag {
    /**
     * Fail where the guest cannot make its disks consistent. Without this the disks are cut all the
     * same, and the result says that it is only a crash, and why.
     */
    QUIESCE,
    /** Never pause the machine; cuts that are not one instant have no consistency then. */
    NO_PAUSE,
    /** Prepare and rehearse the cut, then remove everything again. */
    DRY_RUN
  }

  private DiskSnapshots() {}

  /**
   * Begins a snapshot of one disk and returns at once.
   *
   * @param machine the machine that has the disk; an engine without a monitor takes it as it is, of
   *     a machine that does not run or of another hypervisor
   * @param diskXml a {@code <disk>}, of at most {@link
   *     dev.stillpoint.core.disk.xml.DiskXml#MAX_LENGTH} characters
   * @param methodXml a {@code <diskSnapshot>} that counts instead of the one in the disk; where
   *     there is none in either, the default method of what the disk is
   * @param name of the snapshot, as {@link dev.stillpoint.core.snapshot.SnapshotName} has it
   * @throws DiskXmlException when one of the documents cannot be read as what it should be; nothing
   *     was begun
   * @throws IllegalArgumentException when the name is not allowed
   */
  public static DescribedOperation create(
      SnapshotEngine machine,
      String diskXml,
      Optional<String> methodXml,
      String name,
      Set<Flag> flags) {
    DescribedDisk disk = DescribedDisk.parse(diskXml);
    return create(machine, List.of(methodXml.map(disk::withMethod).orElse(disk)), name, flags);
  }

  /**
   * Begins a snapshot of several disks in one cut, all or none, and returns at once.
   *
   * @param disks at least one
   * @throws IllegalArgumentException when there is no disk, or more than {@link
   *     SnapshotRequest#MAX_DISKS}, or the name is not allowed
   */
  public static DescribedOperation create(
      SnapshotEngine machine, List<DescribedDisk> disks, String name, Set<Flag> flags) {
    return start(
        machine,
        disks,
        SnapshotRequest.named(name)
            .quiesce(flags.contains(Flag.QUIESCE) ? Quiesce.REQUIRE : Quiesce.PREFER)
            .pausing(flags.contains(Flag.NO_PAUSE) ? Pausing.FORBIDDEN : Pausing.ALLOWED)
            .dryRun(flags.contains(Flag.DRY_RUN)));
  }

  /**
   * The same with everything else that a request can say. Where the XML's disk cannot be found, is
   * not the one that the machine uses by now, or cannot be cut, the result is a failure with {@link
   * dev.stillpoint.core.snapshot.ErrorCode#NO_SUCH_DISK} or {@link
   * dev.stillpoint.core.snapshot.ErrorCode#DISK_UNSUITABLE}, and the guest was not touched.
   *
   * @param request names no disk
   * @throws IllegalArgumentException when it names one, or there is none in the list
   */
  public static DescribedOperation start(
      SnapshotEngine machine, List<DescribedDisk> disks, SnapshotRequest request) {
    if (disks.isEmpty() || !request.disks().isEmpty()) {
      throw new IllegalArgumentException(
          "the disks are those of the XML, and there is at least one");
    }
    DescribedDisks described = machine.described(disks);
    SnapshotOperation operation = machine.start(request.withDisks(described.asked()), described);
    return new DescribedOperation(
        operation,
        operation.result().thenApply(result -> XmlAnswer.of(result, disks, described.found())));
  }
}
