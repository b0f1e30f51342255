package dev.stillpoint.backends.zfs;

import dev.stillpoint.backends.zfs.ZfsCommand.Property;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What room a dataset has for a snapshot. All sizes in bytes, quotas above it counted.
 *
 * @param available what may still be written in it
 * @param kept the part of that which is kept for it by its reservation, and for no snapshot
 * @param held what it holds itself, without its snapshots
 * @param reserved what it is promised for its own content, whatever its snapshots keep
 * @param hidden whether its snapshots, it being a volume, have no device
 */
record ZfsRoom(
    String dataset, long available, long kept, long held, long reserved, boolean hidden) {
  /** The share of what it holds that should be free for what will be written from now on. */
  private static final int LEAST_FREE_SHARE = 10;

  private static final String PROPERTIES =
      "type,available,usedbydataset,usedbyrefreservation,refreservation";

  /**
   * Asks for it.
   *
   * @throws SnapshotException with {@link ErrorCode#DISK_UNSUITABLE} when there is no such dataset
   */
  static ZfsRoom of(ZfsCommand zfs, String dataset, Deadline deadline) throws IOException {
    Map<String, String> values = new HashMap<>();
    List<Property> found =
        zfs.properties(PROPERTIES, List.of(dataset), deadline)
            .orElseThrow(() ->
                new SnapshotException(
                    Failure.of(
                        ErrorCode.DISK_UNSUITABLE, "there is no dataset '" + dataset + "'")));
    found.forEach(line -> values.put(line.property(), line.value()));
    boolean isVolume = values.getOrDefault("type", "").equals("volume");
    return new ZfsRoom(
        dataset,
        number(values, "available"),
        number(values, "usedbyrefreservation"),
        number(values, "usedbydataset"),
        number(values, "refreservation"),
        isVolume && isHidden(zfs, dataset, deadline));
  }

  private static boolean isHidden(ZfsCommand zfs, String dataset, Deadline deadline)
      throws IOException {
    return zfs.properties("snapdev", List.of(dataset), deadline).orElse(List.of()).stream()
        .anyMatch(line -> line.value().equals("hidden"));
  }

  private static long number(Map<String, String> values, String property) throws IOException {
    String text = values.getOrDefault(property, "");
    if (text.equals("none") || text.equals("-")) {
      return 0;
    }
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IOException("zfs gives '" + text + "' for " + property, e);
    }
  }

  /**
   * Refuses where ZFS would, or where nothing could be written any more once the snapshot keeps
   * what is there.
   */
  void require(List<String> warnings) {
    long promised = Math.min(held, reserved);
    if (available == 0 || promised > available - kept) {
      throw new SnapshotException(
          Failure.of(
              ErrorCode.NO_SPACE,
              dataset
                  + " has "
                  + (available - kept)
                  + " bytes left beside its reservation, by its pool and all quotas"
                  + (promised > 0
                      ? "; a snapshot needs " + promised + " for its refreservation"
                      : "; with a snapshot not even what is there could be written anew")));
    }
    if (available < held / LEAST_FREE_SHARE) {
      warnings.add(
          dataset
              + " has only "
              + available
              + " bytes left; what the snapshot keeps takes from them, and where none is left the"
              + " machine's writes fail");
    }
    if (hidden) {
      warnings.add(
          "the snapshot of the volume "
              + dataset
              + " has no device until one says: zfs set snapdev=visible "
              + dataset);
    }
  }
}
