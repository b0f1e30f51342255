package dev.stillpoint.backends.qemu.chain;

import dev.stillpoint.backends.qemu.overlay.OverlayMark;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import java.io.IOException;
import java.nio.file.Path;

/** Who has the images of a disk open: a running machine, or nobody. Methods block. */
sealed interface ChainOwner permits MachineChain, FileChain {

  /** The images of a disk as they stand now. */
  ImageChain chain(LocatedDisk disk, Deadline deadline) throws IOException;

  /** Refuses what cannot be merged now. Changes nothing. */
  void requireMergeable(MergeOfOverlay merge, Deadline deadline) throws IOException;

  /**
   * Merges: afterwards nothing of the disk reads the overlay, and its file is gone. May be asked
   * again at any point.
   */
  void merge(MergeOfOverlay merge, Deadline deadline) throws IOException;

  /**
   * Whether something shows that the merge of an overlay, which no disk reads any more, has come to
   * its end.
   */
  boolean hasMerged(Path overlay, OverlayMark mark, Deadline deadline) throws IOException;

  /** Lets go of a file that no disk reads any more. */
  void release(Path file, Deadline deadline);
}
