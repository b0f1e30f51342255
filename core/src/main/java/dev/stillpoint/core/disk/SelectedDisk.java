package dev.stillpoint.core.disk;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A disk as a caller selects it.
 *
 * @param name a qdev id, a block device name, a node name or an image path, tried in that order
 * @param method the snapshot method to use, or empty for the default of that disk
 * @param overlay where a method that makes a file shall put it, or empty for the method's choice
 */
public record SelectedDisk(String name, Optional<String> method, Optional<Path> overlay) {

  /** A disk with every choice left to the engine. */
  public static SelectedDisk named(String name) {
    return new SelectedDisk(name, Optional.empty(), Optional.empty());
  }

  /** The same disk, cut by the given method. */
  public SelectedDisk withMethod(String chosen) {
    return new SelectedDisk(name, Optional.of(chosen), overlay);
  }

  /** The same disk, with the new file at the given path. */
  public SelectedDisk withOverlay(Path path) {
    return new SelectedDisk(name, method, Optional.of(path));
  }
}
