package dev.stillpoint.backends.zfs;

import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.disk.DiskSource;

/**
 * A machine that has a ZFS.
 *
 * @param at what a caller calls it; empty for this host
 */
record ZfsHost(String at, Programs programs, ZfsCommand zfs, ZfsFiles files) {
  static ZfsHost of(String at, Programs programs) {
    ZfsFiles files = at.isEmpty() ? new OwnFiles(programs) : new FarFiles(programs);
    return new ZfsHost(at, programs, new ZfsCommand(programs), files);
  }

  boolean isHere() {
    return at.isEmpty();
  }

  /** What is read there, seen from here: its place stands before the path, with a blank between. */
  DiskSource seen(DiskSource there) {
    return isHere() ? there : new DiskSource.Remote(at + " " + there.address(), there.format());
  }
}
