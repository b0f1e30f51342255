package dev.stillpoint.backends.zfs;

import dev.stillpoint.backends.host.DiskUsers;
import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * Brings a disk back to a snapshot and takes nothing else back: a rollback of a dataset is for all
 * that is in it, and ends at its newest snapshot.
 */
final class ZfsRevert {
  private static final String NEWER = "more recent";

  private final Programs programs;
  private final LocatedDisk disk;
  private final String snapshot;

  ZfsRevert(Programs programs, LocatedDisk disk, String snapshot) {
    this.programs = programs;
    this.disk = disk;
    this.snapshot = snapshot;
  }

  void of(ZfsPlace place, Deadline deadline) throws IOException {
    switch (place) {
      case ZfsPlace.InFile file -> ofFile(file, deadline);
      case ZfsPlace.Volume volume -> {
        requireUnused(ZfsPlace.VOLUMES.resolve(volume.dataset()));
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
    requireUnused(place.file());
    boolean alone = place.folder().toString().isEmpty() && isAlone(place);
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

  private void requireUnused(Path path) {
    DiskUsers.of(path)
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
    Said said = programs.runToEnd(command);
    if (said.status() != 0 && said.err().contains(NEWER)) {
      return false;
    }
    ZfsCommand.requireDone(said);
    return true;
  }

  /** Whether the dataset holds no file but the disk; directories do not count. */
  private static boolean isAlone(ZfsPlace.InFile place) throws IOException {
    Object device = Files.getAttribute(place.mountPoint(), "unix:dev");
    var others = new boolean[1];
    Files.walkFileTree(
        place.mountPoint(),
        new SimpleFileVisitor<Path>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
              throws IOException {
            boolean control = directory.equals(place.mountPoint().resolve(ZfsPlace.CONTROL));
            return control || !device.equals(Files.getAttribute(directory, "unix:dev"))
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.equals(place.file())) {
              return FileVisitResult.CONTINUE;
            }
            others[0] = true;
            return FileVisitResult.TERMINATE;
          }
        });
    return !others[0];
  }

  /** Beside the disk first, so that it is never half of one. */
  private void copyBack(ZfsPlace.InFile place, Deadline deadline) throws IOException {
    Path file = place.file();
    Path old = place.fileIn(new SnapshotName(snapshot.substring(snapshot.indexOf('@') + 1)));
    Path folder = Objects.requireNonNull(file.getParent(), "a file is in a directory");
    Path copy = folder.resolve(".stillpoint-" + UUID.randomUUID());
    try {
      Files.createFile(copy);
      programs.require(
          List.of("cp", "--archive", "--sparse=always", "--", old.toString(), copy.toString()),
          deadline);
      try (FileChannel channel = FileChannel.open(copy, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      requireUnused(file);
      Files.move(copy, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(copy);
    }
  }
}
