package dev.stillpoint.testkit.guest;

import java.nio.file.Path;

/** Where the image of a warm clone's disk is put, other than into the guest's own directory. */
public sealed interface DiskPlace {

  /**
   * A directory of the test's, such as that of a file system made for it. The image stays there
   * when the guest has gone.
   */
  record Directory(Path directory) implements DiskPlace {}

  /** A volume that is served over NBD, for a raw disk. */
  @FunctionalInterface
  non-sealed interface Served extends DiskPlace {
    /** Puts what this raw image holds there, and says where that is. */
    RemoteDisk holding(Path image);
  }
}
