package dev.stillpoint.core.spi;

import dev.stillpoint.core.snapshot.FreezeScope;
import java.util.List;

/**
 * What a quiescer is asked to bring to rest.
 *
 * @param scope which file systems
 * @param disks the disks that will be cut; empty when nothing is known of them
 */
public record QuiesceOrder(FreezeScope scope, List<CutDisk> disks) {
  /** Copies the list. */
  public QuiesceOrder {
    disks = List.copyOf(disks);
  }
}
