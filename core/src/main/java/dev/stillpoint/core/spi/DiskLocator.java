package dev.stillpoint.core.spi;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Knows a machine's disks: where their bytes live, and which method is the default for each. Asked
 * once an operation, before any method. Implementations must not block the calling thread.
 */
public interface DiskLocator {

  /**
   * Finds the disks, without changing anything.
   *
   * @param asked as the caller selected them; empty for every disk that a snapshot should cover
   * @return the disks in the same order; exceptionally with a {@link
   *     dev.stillpoint.core.snapshot.SnapshotException} that names the disk: one that does not
   *     exist, one that was selected twice, or one for which there is no default method
   */
  CompletionStage<Located> locate(List<SelectedDisk> asked, Deadline deadline);

  /**
   * What was found.
   *
   * @param disks those to cut; one without a method is cut by the coordinator's default
   * @param notCovered disks of the machine that are left out, in words
   * @param warnings what the caller should know
   */
  record Located(List<LocatedDisk> disks, List<String> notCovered, List<String> warnings) {
    /** Copies the lists. */
    public Located {
      disks = List.copyOf(disks);
      notCovered = List.copyOf(notCovered);
      warnings = List.copyOf(warnings);
    }
  }

  /**
   * One that asks nobody: an absolute path is a raw image, any other name is taken as it is. Where
   * no disk is named, the default method is left to know what it cuts.
   */
  static DiskLocator byName() {
    return (asked, deadline) ->
        CompletableFuture.completedFuture(
            new Located(
                asked.stream()
                    .map(disk ->
                        new LocatedDisk(
                            disk, Named.source(disk.name()), CutDisk.named(disk.name())))
                    .toList(),
                List.of(),
                List.of()));
  }

  /** What a name says by itself. */
  final class Named {
    private static final String UNKNOWN = "raw";

    private Named() {}

    private static DiskSource source(String name) {
      try {
        Path path = Path.of(name);
        return path.isAbsolute()
            ? new DiskSource.File(path, UNKNOWN)
            : new DiskSource.Remote(name, UNKNOWN);
      } catch (InvalidPathException e) {
        return new DiskSource.Remote(name, UNKNOWN);
      }
    }
  }
}
