package dev.stillpoint.backends.storage;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One snapshot in a storage, which may hold several disks: such as that of a subvolume with two
 * images in it.
 *
 * @param name by what the storage knows it, such as {@code vg/lv.nightly}; together with the
 *     options it is enough to make it, to find it and to remove it, also by another process later
 * @param options the storage's own, such as what it is a snapshot of; no secrets
 */
public record StorageSnapshot(String name, Map<String, String> options) {
  /** Copies the options; their order is kept. */
  public StorageSnapshot {
    options = Collections.unmodifiableMap(new LinkedHashMap<>(options));
  }

  /**
   * An option that this snapshot was planned with.
   *
   * @throws IllegalArgumentException when it has none of this name
   */
  public String option(String key) {
    String value = options.get(key);
    if (value == null) {
      throw new IllegalArgumentException("the snapshot " + name + " has no " + key);
    }
    return value;
  }
}
