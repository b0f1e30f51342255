package dev.stillpoint.backends.zfs;

import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Brings a disk back to a snapshot and takes nothing else back: a rollback of a dataset is for all
 * that is in it, and ends at its newest snapshot.
 */
final class ZfsRevert {
  private static final String NEWER = "more recent";

  private final ZfsHost host;
  private final LocatedDisk disk;
  private final String snapshot;

  ZfsRevert(ZfsHost host, LocatedDisk disk, String snapshot) {
    this.host = host;
    this.disk = disk;
    this.snapshot = snapshot;
  }

  void of(ZfsPlace place, Deadline deadline) throws IOException {
    switch (place) {
      case ZfsPlace.InFile file -> ofFile(file, deadline);
      case ZfsPlace.Volume volume -> {
        requireUnused(ZfsPlace.VOLUMES.resolve(volume.dataset()), deadline);
        if (!rollsBack(deadline)) {
          throw disk.refusal(
              ErrorCode.DISK_UNSUITABLE,
              "there are snapshots of "
                  + volume.dataset()
                  + " that are newer than "
                  + snapshot
                  + "; a rollback would destroy them");
        }
      }
      case ZfsPlace.Told told ->
          throw disk.refusal(
              ErrorCode.DISK_IN_USE,
              "which file of " + told.dataset() + " the disk is, and who uses it, is not seen");
    }
  }

  private void ofFile(ZfsPlace.InFile place, Deadline deadline) throws IOException {
    requireUnused(place.file(), deadline);
    boolean alone =
        place.folder().toString().isEmpty()
            && host.files().isAlone(place.mountPoint(), place.file(), deadline);
    if (alone && rollsBack(deadline)) {
      return;
    }
    if (!place.hasControl()) {
      throw disk.refusal(
          ErrorCode.DISK_UNSUITABLE,
          (alone
                  ? "there are newer snapshots of "
                      + place.dataset()
                      + ", which a rollback would"
                      + " destroy"
                  : "there are other files in "
                      + place.dataset()
                      + ", which a rollback would take"
                      + " back too")
              + ", and there is no "
              + place.mountPoint().resolve(ZfsPlace.CONTROL)
              + " to copy the disk from");
    }
    copyBack(place, deadline);
  }

  private void requireUnused(Path path, Deadline deadline) {
    host.files()
        .user(path, deadline)
        .ifPresent(user -> {
          throw disk.refusal(
              ErrorCode.DISK_IN_USE, "'" + disk.name() + "' cannot be reverted: " + user);
        });
  }

  /** False where there are newer snapshots; nothing was changed then. */
  private boolean rollsBack(Deadline deadline) throws IOException {
    List<String> command = List.of("zfs", "rollback", snapshot);
    if (deadline.remaining().isZero()) {
      throw new IOException("the time has run out before the rollback");
    }
    Said said = host.programs().runToEnd(command);
    if (said.status() != 0 && said.err().contains(NEWER)) {
      return false;
    }
    ZfsCommand.requireDone(said);
    return true;
  }

  /** Beside the disk first, so that it is never half of one. */
  private void copyBack(ZfsPlace.InFile place, Deadline deadline) throws IOException {
    Path file = place.file();
    Path old = place.fileIn(new SnapshotName(snapshot.substring(snapshot.indexOf('@') + 1)));
    host.files().replace(file, old, () -> requireUnused(file, deadline), deadline);
  }
}
