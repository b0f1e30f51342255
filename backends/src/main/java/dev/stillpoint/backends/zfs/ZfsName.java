package dev.stillpoint.backends.zfs;

import dev.stillpoint.core.snapshot.SnapshotName;
import java.util.regex.Pattern;

/**
 * Names as ZFS has them. What passes here begins with a letter, so that it is never taken for an
 * option, and means to ZFS what it looks like.
 */
final class ZfsName {
  /** The most bytes of a name, with its snapshot: {@code ZFS_MAX_DATASET_NAME_LEN} less a NUL. */
  static final int MAX_LENGTH = 255;

  private static final Pattern DATASET =
      Pattern.compile("[A-Za-z][A-Za-z0-9_.: -]*(?:/[A-Za-z0-9_.: -]+)*");
  private static final Pattern SNAPSHOT = Pattern.compile(DATASET + "@[A-Za-z0-9_.: -]+");

  private ZfsName() {}

  /** Why this names no dataset or volume; empty text where it may. */
  static String troubleOfDataset(String text) {
    if (!DATASET.matcher(text).matches()) {
      return "'" + text + "' is no name of a dataset or volume, such as tank/vm";
    }
    return text.length() > MAX_LENGTH ? "a name has at most " + MAX_LENGTH + " characters" : "";
  }

  /** The name of a dataset's snapshot. */
  static String snapshot(String dataset, SnapshotName name) {
    return dataset + "@" + name.text();
  }

  /**
   * A name that is certainly one of a snapshot, and so never of a dataset that would go with all
   * that is in it.
   *
   * @throws IllegalArgumentException when it is not
   */
  static String requireSnapshot(String text) {
    if (!SNAPSHOT.matcher(text).matches() || text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException("'" + text + "' is no name of a ZFS snapshot");
    }
    return text;
  }

  /** What it is a snapshot of. */
  static String dataset(String snapshot) {
    return snapshot.substring(0, snapshot.indexOf('@'));
  }

  /** The pool that a dataset or snapshot is in. */
  static String pool(String name) {
    return name.split("[/@]", 2)[0];
  }
}
