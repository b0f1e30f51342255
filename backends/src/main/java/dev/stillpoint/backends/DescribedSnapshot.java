package dev.stillpoint.backends;

import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.SnapshotResult;
import java.util.List;
import java.util.Optional;

/**
 * How a snapshot of described disks ended.
 *
 * @param result how it ended, failures too; its warnings tell where there is no XML for something
 * @param disks those of {@link SnapshotResult#disks}, in the order of the XML; so none where it
 *     failed or was a dry run, and both images of each where the outcome is unknown
 */
public record DescribedSnapshot(SnapshotResult result, List<Disk> disks) {

  /**
   * What became of one disk.
   *
   * @param snapshot as plain data
   * @param modifiedDiskXml the {@code <disk>} that the machine uses now, which a caller must store;
   *     empty where the machine keeps using the original
   * @param backupSourceXml the {@code <source>} that a backup may read; empty where libvirt's XML
   *     cannot tell it, as for a snapshot inside an image or on another machine
   */
  public record Disk(
      DiskSnapshot snapshot, Optional<String> modifiedDiskXml, Optional<String> backupSourceXml) {}

  /** Copies the list. */
  public DescribedSnapshot {
    disks = List.copyOf(disks);
  }

  /** A snapshot of disks that no XML describes. */
  public static DescribedSnapshot plain(SnapshotResult result) {
    return new DescribedSnapshot(result, List.of());
  }

  /** The XML of one of the result's disks; empty where it was not described. */
  public Optional<Disk> of(DiskSnapshot snapshot) {
    return disks.stream().filter(disk -> disk.snapshot().equals(snapshot)).findFirst();
  }
}
