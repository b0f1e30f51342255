package dev.stillpoint.backends.guest;

import java.util.List;

/**
 * What a freeze will and will not bring to rest.
 *
 * @param mountpoints what to freeze; empty for everything that the agent can
 * @param expected how many file systems have to freeze, at least; 0 where that is not known
 * @param notCovered what stays out, and why
 * @param warnings what the caller should know
 * @param everyWriter whether all file systems of the guest and their disks are known, all of them
 *     are to freeze, and no disk that is cut is without one
 */
record FreezePlan(
    List<String> mountpoints,
    int expected,
    List<String> notCovered,
    List<String> warnings,
    boolean everyWriter) {
  /** Copies the lists. */
  FreezePlan {
    mountpoints = List.copyOf(mountpoints);
    notCovered = List.copyOf(notCovered);
    warnings = List.copyOf(warnings);
  }

  /**
   * This plan for a guest whose agent counts in another way than it lists, so that nothing shows
   * that all of them froze.
   */
  FreezePlan withoutCount() {
    return new FreezePlan(mountpoints, 0, notCovered, warnings, false);
  }

  /** Everything, of a guest of whose file systems nothing is known. */
  static FreezePlan everything(List<String> warnings) {
    return new FreezePlan(List.of(), 0, List.of(), warnings, false);
  }
}
