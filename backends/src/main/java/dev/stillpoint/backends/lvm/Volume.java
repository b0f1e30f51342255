package dev.stillpoint.backends.lvm;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * A logical volume as {@code lvs} reports it.
 *
 * @param bytes its size; of a classic snapshot what it can hold
 * @param kind the first letter of {@code lv_attr}
 * @param isActive whether it has a device
 * @param origin of a snapshot; empty text for others
 * @param pool of a thin volume; empty text for others
 * @param dataPercent how full a pool or a classic snapshot is; empty for what has no such measure
 * @param metadataPercent how full the metadata of a pool are
 * @param isOpen whether anybody has its device open
 * @param isOverflowed whether it is a classic snapshot that has lost its content
 * @param health of a pool; empty text where nothing is wrong
 */
record Volume(
    String group,
    String name,
    long bytes,
    char kind,
    boolean isActive,
    String origin,
    String pool,
    Optional<Double> dataPercent,
    Optional<Double> metadataPercent,
    boolean isOpen,
    boolean isOverflowed,
    String health,
    Set<String> tags,
    Instant created,
    long freeBytes,
    long extentBytes) {
  private static final char THIN = 'V';
  private static final char MERGING = 'O';

  /** Plain, origin, origin under merge, raid, mirror, cached. */
  private static final String WITH_SNAPSHOTS = "-oOrRmMC";

  Volume {
    tags = Set.copyOf(tags);
  }

  boolean isThin() {
    return kind == THIN;
  }

  /** Whether a snapshot is to be merged into it, now or when it is next activated. */
  boolean isMerging() {
    return kind == MERGING;
  }

  /** Whether lvcreate can make a snapshot of it. */
  boolean canBeCut() {
    return isThin() || WITH_SNAPSHOTS.indexOf(kind) >= 0;
  }

  /** {@code group/name}. */
  String fullName() {
    return group + "/" + name;
  }
}
