package dev.stillpoint.backends.lvm;

import dev.stillpoint.backends.storage.StorageSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Whether there is room for snapshots that are to be made together, and for how long. */
final class LvmSpace {
  /** From here on a pool is called nearly full, in percent. */
  static final double NEARLY_FULL = 80;

  /** From here on no snapshot is made in a pool: what is written next could stop its volumes. */
  static final double FULL = 95;

  private final Map<String, Long> freeExtents = new HashMap<>();
  private final List<String> warnings = new ArrayList<>();

  /**
   * Takes the room for one more.
   *
   * @param group all volumes of the volume's group
   */
  void require(String place, StorageSnapshot snapshot, Volume volume, List<Volume> group) {
    if (volume.isThin()) {
      LvmStorage.named(group, volume.pool()).ifPresent(this::requirePool);
    } else {
      requireExtents(place, snapshot, volume);
    }
  }

  private void requirePool(Volume pool) {
    double data = pool.dataPercent().orElse(0.0);
    double metadata = pool.metadataPercent().orElse(0.0);
    if (!pool.health().isEmpty()) {
      throw LvmStorage.failure(
          ErrorCode.NO_SPACE,
          "the thin pool " + pool.fullName() + " is not well: " + pool.health());
    }
    String full =
        String.format(
            Locale.ROOT, "its data are %.1f %% full, its metadata %.1f %%", data, metadata);
    if (data >= FULL || metadata >= FULL) {
      throw LvmStorage.failure(
          ErrorCode.NO_SPACE, "the thin pool " + pool.fullName() + " has no room: " + full);
    }
    if (data >= NEARLY_FULL || metadata >= NEARLY_FULL) {
      warn("the thin pool " + pool.fullName() + " is nearly full: " + full);
    }
  }

  private void requireExtents(String place, StorageSnapshot snapshot, Volume volume) {
    SnapshotSize size = LvmStorage.size(snapshot);
    long wanted = size.extentsFor(volume);
    long extent = volume.extentBytes();
    String group = place + " " + volume.group();
    long free = freeExtents.getOrDefault(group, volume.freeBytes() / extent);
    if (wanted > free) {
      throw LvmStorage.failure(
          ErrorCode.NO_SPACE,
          "the group %s has %d bytes free, and a snapshot of %s takes %d; a smaller size= would be full sooner"
              .formatted(volume.group(), free * extent, volume.fullName(), wanted * extent));
    }
    freeExtents.put(group, free - wanted);
    if (wanted * extent < volume.bytes()) {
      warn(
          "%s is lost when about %d bytes of %s have been overwritten: watch its snap_percent, or enlarge it by lvextend"
              .formatted(snapshot.name(), wanted * extent, volume.fullName()));
    }
  }

  private void warn(String text) {
    if (!warnings.contains(text)) {
      warnings.add(text);
    }
  }

  List<String> warnings() {
    return List.copyOf(warnings);
  }
}
