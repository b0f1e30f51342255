package dev.stillpoint.backends.zfs;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.file.Path;

/** Where on a ZFS a disk is. */
sealed interface ZfsPlace {
  /** The directory of a dataset in which its snapshots can be read. */
  String CONTROL = ".zfs";

  /** The folder of the links to volumes. */
  Path VOLUMES = Path.of("/dev/zvol");

  /** The dataset or volume that has to be cut. */
  String dataset();

  /** Where the disk can be read in the snapshot of this name. */
  DiskSource backupSource(SnapshotName name);

  /**
   * A file of a mounted dataset.
   *
   * @param mountPoint where the dataset, or a folder of it, is mounted
   * @param folder which folder that is, without a slash at its beginning; empty for the whole
   * @param path below the mount point
   * @param hasControl whether snapshots can be read below the mount point
   */
  record InFile(
      String dataset, Path mountPoint, Path folder, Path path, boolean hasControl, String format)
      implements ZfsPlace {
    /** The file itself. */
    Path file() {
      return mountPoint.resolve(path);
    }

    /** Whether there is a {@code .zfs}, if the machine's files say so, below a whole dataset. */
    static boolean controls(Path mountPoint, Path folder, ZfsFiles files, Deadline deadline)
        throws IOException {
      return folder.toString().isEmpty()
          && files.isDirectory(mountPoint.resolve(CONTROL).resolve("snapshot"), deadline);
    }

    /** The file as it was, which is there once the snapshot is. */
    Path fileIn(SnapshotName name) {
      return mountPoint.resolve(CONTROL).resolve("snapshot").resolve(name.text()).resolve(path);
    }

    @Override
    public DiskSource backupSource(SnapshotName name) {
      return hasControl
          ? new DiskSource.File(fileIn(name), format)
          : new DiskSource.Remote(
              "zfs:" + ZfsName.snapshot(dataset, name) + ":/" + folder.resolve(path), format);
    }
  }

  /** A volume. */
  record Volume(String dataset, String format) implements ZfsPlace {
    @Override
    public DiskSource backupSource(SnapshotName name) {
      return new DiskSource.Device(VOLUMES.resolve(ZfsName.snapshot(dataset, name)), format);
    }
  }

  /** A dataset of which the caller says that the disk lies in it, seen from here or not. */
  record Told(String dataset, String format) implements ZfsPlace {
    @Override
    public DiskSource backupSource(SnapshotName name) {
      return new DiskSource.Remote("zfs:" + ZfsName.snapshot(dataset, name), format);
    }
  }
}
