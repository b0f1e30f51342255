package dev.stillpoint.core.spi;

import dev.stillpoint.core.snapshot.SnapshotName;
import java.util.List;

/**
 * What a method is asked to cut.
 *
 * @param operationId eight hexadecimal digits; every node and job that is made for this operation
 *     is named {@code sp-<operationId>-<n>-<role>}
 * @param name the snapshot's name: of files and volumes, and of what an image keeps inside itself.
 *     It never becomes that of a hypervisor's node or job
 * @param disks the disks, or empty for every disk of the machine that this method can cut
 */
public record CutOrder(String operationId, SnapshotName name, List<LocatedDisk> disks) {
  /** Copies the list. */
  public CutOrder {
    disks = List.copyOf(disks);
  }
}
