package dev.stillpoint.core.snapshot;

import java.util.ArrayList;
import java.util.List;

/**
 * Which of the guest's file systems are frozen. Fewer make a shorter freeze: each costs the guest
 * some 36 ms.
 *
 * @param extent where to begin
 * @param excluded mount points that are left out of it all the same, such as one that cannot
 *     freeze; each is told in the result
 */
public record FreezeScope(Extent extent, List<String> excluded) {

  /** Where a scope begins, before anything is excluded. */
  public sealed interface Extent {}

  /** All that the agent can freeze. */
  public record Everything() implements Extent {}

  /**
   * The file systems that lie on the disks of the snapshot; also those of which the agent cannot
   * tell where they lie.
   */
  public record ChosenDisks() implements Extent {}

  /**
   * These and no others.
   *
   * @param paths absolute in the guest, at least one; one that the agent does not know is an error
   */
  public record Mountpoints(List<String> paths) implements Extent {
    /** Copies the list; it must not be empty. */
    public Mountpoints {
      paths = List.copyOf(paths);
      if (paths.isEmpty()) {
        throw new IllegalArgumentException("a list of mount points names at least one");
      }
    }
  }

  /** Copies the list. */
  public FreezeScope {
    excluded = List.copyOf(excluded);
  }

  /** All file systems. */
  public static FreezeScope everything() {
    return new FreezeScope(new Everything(), List.of());
  }

  /** The file systems on the disks of the snapshot. */
  public static FreezeScope chosenDisks() {
    return new FreezeScope(new ChosenDisks(), List.of());
  }

  /**
   * These file systems.
   *
   * @throws IllegalArgumentException when none is named
   */
  public static FreezeScope mountpoints(List<String> paths) {
    return new FreezeScope(new Mountpoints(paths), List.of());
  }

  /** This scope without the file system that is mounted there in the guest. */
  public FreezeScope without(String mountpoint) {
    var more = new ArrayList<>(excluded);
    more.add(mountpoint);
    return new FreezeScope(extent, more);
  }
}
