package dev.stillpoint.testkit.guest;

import java.nio.file.Path;
import java.util.List;

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

  /** A raw disk that only a QEMU can open which is started for it, as in another network. */
  non-sealed interface Private extends DiskPlace {
    /**
     * Puts what this raw image holds there.
     *
     * @return the options of QEMU's block node for it, without a name
     */
    String holding(Path image);

    /** The words that start QEMU so that it can open it; the process stays the same. */
    List<String> qemu(List<String> command);
  }
}
