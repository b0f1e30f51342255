package dev.stillpoint.backends.lvm;

import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.storage.StorageSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Brings a volume back to a snapshot, by {@code lvconvert --merge}. That uses the snapshot up: it
 * is made again at once, of the volume that is equal to it.
 */
final class LvmRevert {
  /** For what comes after a merge, which may have taken longer than the caller's whole time. */
  private static final Duration AFTERWARDS = Duration.ofMinutes(1);

  private final LvmStorage storage;
  private final StorageSnapshot snapshot;

  LvmRevert(LvmStorage storage, StorageSnapshot snapshot) {
    this.storage = storage;
    this.snapshot = snapshot;
  }

  void run(Deadline deadline) throws IOException {
    Programs programs = LvmStorage.programs(snapshot);
    Volume found = mergeable(deadline);
    Volume origin = origin(deadline);
    LvmStorage.requireClosed(found);
    LvmStorage.requireClosed(origin);
    requireMergedAtOnce(origin);
    List<String> merge =
        List.of("lvconvert", "-q", "-y", "-i", "1", "--merge", "--", snapshot.name());
    Programs.succeeded(merge, programs.runToEnd(merge));
    requireMerged(found, Deadline.after(AFTERWARDS));
    try {
      storage.create(
          sized(found),
          found.tags().stream().filter(tag -> tag.startsWith(LvmStorage.BY)).toList());
    } catch (IOException e) {
      throw new IOException(
          "the disk is at the point, but its snapshot could not be made again and is gone: "
              + e.getMessage(),
          e);
    }
  }

  private Volume mergeable(Deadline deadline) throws IOException {
    Volume found =
        storage
            .lookUp(snapshot, deadline)
            .orElseThrow(() ->
                LvmStorage.failure(ErrorCode.NO_SUCH_SNAPSHOT, snapshot.name() + " is not there"));
    LvmStorage.requireSnapshotOf(snapshot.option(LvmStorage.VOLUME), found);
    if (found.isOverflowed()) {
      throw LvmStorage.failure(
          ErrorCode.DISK_UNSUITABLE, found.fullName() + " has overflowed: its content is lost");
    }
    return found;
  }

  private Volume origin(Deadline deadline) throws IOException {
    String name = snapshot.option(LvmStorage.VOLUME);
    return VolumeReport.find(
            LvmStorage.programs(snapshot), LvmStorage.group(snapshot), name, deadline)
        .orElseThrow(() -> LvmStorage.failure(ErrorCode.DISK_UNSUITABLE, name + " is gone"));
  }

  /** Into a volume without a device LVM merges later, and keeps a second merge waiting. */
  private static void requireMergedAtOnce(Volume origin) {
    if (!origin.isActive()) {
      throw LvmStorage.failure(
          ErrorCode.DISK_UNSUITABLE,
          "%s is not active, and would go back to the snapshot only when it is: lvchange -ay %s"
              .formatted(origin.fullName(), origin.fullName()));
    }
    if (origin.isMerging()) {
      throw LvmStorage.failure(
          ErrorCode.DISK_UNSUITABLE, "another snapshot is being merged into " + origin.fullName());
    }
  }

  /** One that is yet to be merged is not listed any more; its origin tells. */
  private void requireMerged(Volume found, Deadline deadline) throws IOException {
    Volume origin = origin(deadline);
    if (origin.isMerging() || storage.lookUp(snapshot, deadline).isPresent()) {
      throw LvmStorage.failure(
          ErrorCode.DISK_IN_USE,
          found.fullName()
              + " is being merged still, or will be when "
              + origin.fullName()
              + ", which somebody has opened meanwhile, is next activated: what is written to it"
              + " until then is lost. The snapshot is gone when that is done");
    }
  }

  /** As large as it was before. */
  private StorageSnapshot sized(Volume found) {
    if (snapshot.option(LvmStorage.KIND).equals(LvmStorage.THIN)) {
      return snapshot;
    }
    Map<String, String> options = new LinkedHashMap<>(snapshot.options());
    options.put(LvmStorage.SIZE, found.bytes() / SnapshotSize.KIB + "k");
    return new StorageSnapshot(snapshot.name(), options);
  }
}
