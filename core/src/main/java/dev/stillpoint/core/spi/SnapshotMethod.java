package dev.stillpoint.core.spi;

import java.util.concurrent.CompletionStage;

/**
 * A way to cut disks, such as overlays made by QEMU. The unit is the group: all disks that an
 * operation cuts by this method are checked, prepared and cut together, all or none.
 * Implementations must not block the calling thread.
 */
public interface SnapshotMethod {

  /** The name by which a caller chooses it, such as {@code qemu}; an open set, not an enum. */
  String name();

  /**
   * Looks, without changing anything, whether these disks can be cut.
   *
   * @return the cut to be; exceptionally with a {@link
   *     dev.stillpoint.core.snapshot.SnapshotException} that names the disk and the obstacle
   */
  CompletionStage<Cut> check(CutOrder order, Deadline deadline);
}
