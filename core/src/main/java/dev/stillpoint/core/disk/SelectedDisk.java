package dev.stillpoint.core.disk;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A disk as a caller selects it.
 *
 * @param name a qdev id, a block device name, a node name or an image path, tried in that order
 * @param method the snapshot method to use, or empty for the default of that disk
 * @param overlay where a method that makes a file shall put it, or empty for the method's choice
 * @param options what else its method has to know, such as which logical volume it is; the keys are
 *     the method's own
 */
public record SelectedDisk(
    String name, Optional<String> method, Optional<Path> overlay, Map<String, String> options) {

  /** Copies the options; their order is kept. */
  public SelectedDisk {
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
  }

  /** A disk with every choice left to the engine. */
  public static SelectedDisk named(String name) {
    return new SelectedDisk(name, Optional.empty(), Optional.empty(), Map.of());
  }

  /** The same disk, cut by the given method. */
  public SelectedDisk withMethod(String chosen) {
    return new SelectedDisk(name, Optional.of(chosen), overlay, options);
  }

  /** The same disk, with the new file at the given path. */
  public SelectedDisk withOverlay(Path path) {
    return new SelectedDisk(name, method, Optional.of(path), options);
  }

  /** The same disk, with an option for its method. */
  public SelectedDisk withOption(String key, String value) {
    var more = new LinkedHashMap<>(options);
    more.put(key, value);
    return new SelectedDisk(name, method, overlay, more);
  }
}
