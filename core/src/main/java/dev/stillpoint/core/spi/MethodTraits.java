package dev.stillpoint.core.spi;

import dev.stillpoint.core.disk.DiskSource;
import java.time.Duration;
import java.util.Set;

/**
 * What a method is like, whatever the disks: for those who choose one.
 *
 * @param span how many disks it cuts at one instant
 * @param typicalCut how long a cut of one disk usually takes
 * @param keepsDisk whether the machine goes on writing where it did, so that nothing needs to be
 *     persisted
 * @param abilities what else it can do with its snapshots
 * @param backupSources every kind of {@link DiskSource} that a backup may have to read of its cuts
 */
public record MethodTraits(
    Span span,
    Duration typicalCut,
    boolean keepsDisk,
    Set<Ability> abilities,
    Set<Class<? extends DiskSource>> backupSources) {

  /** How many disks one cut holds. */
  public enum Span {
    /** All disks that the method can cut at all. */
    GROUP,
    /** Those that share something, such as a pool or a subvolume; others one beside the other. */
    SHARED,
    /** Each disk by itself. */
    DISK
  }

  /** What a method may be able to do with a snapshot that exists. */
  public enum Ability {
    /** Name the snapshots of a disk. */
    LIST,
    /** Bring a disk that nobody uses back to one. */
    REVERT,
    /** Remove one. */
    DELETE
  }

  /** Copies the sets. */
  public MethodTraits {
    abilities = Set.copyOf(abilities);
    backupSources = Set.copyOf(backupSources);
  }
}
