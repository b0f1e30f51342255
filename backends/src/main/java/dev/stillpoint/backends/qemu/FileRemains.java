package dev.stillpoint.backends.qemu;

import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The files that an operation has left. A file is the operation's while device and inode are those
 * that were written down. One that was planned, and whose numbers nobody had the time to write
 * down, is so only if it is a regular file, is empty, and was made after the plan was.
 */
public final class FileRemains {
  /** The kernel stamps files by a clock that is behind by up to its tick. */
  private static final Duration CLOCK_GRAIN = Duration.ofMillis(20);

  private final List<Inventory> disks;
  private final Instant planned;

  /**
   * The files of these disks.
   *
   * @param planned when they were written down for the first time
   */
  public FileRemains(List<Inventory> disks, Instant planned) {
    this.disks = List.copyOf(disks);
    this.planned = planned;
  }

  /**
   * Those that are there and are the operation's.
   *
   * @throws java.io.UncheckedIOException when it cannot be told
   */
  public List<Path> present() {
    return disks.stream().flatMap(disk -> present(disk).stream()).toList();
  }

  /** The same of one disk. */
  public List<Path> present(Inventory disk) {
    return files(disk).stream().map(this::ours).flatMap(Optional::stream).toList();
  }

  /** Those names of the operation's that somebody else's file has now; they are left alone. */
  public List<Path> foreign() {
    return disks.stream()
        .flatMap(disk -> files(disk).stream())
        .filter(file -> ours(file).isEmpty())
        .map(file -> Path.of(file.name()))
        .filter(path -> Files.exists(path, LinkOption.NOFOLLOW_LINKS))
        .toList();
  }

  /**
   * Removes those that are the operation's and that nobody uses.
   *
   * @param removed hears of each that is gone
   * @return those that could not be removed, and why
   */
  public List<String> remove(Predicate<Path> used, List<String> removed) {
    List<String> left = new ArrayList<>();
    for (Path path : present()) {
      try {
        if (used.test(path)) {
          left.add("file " + path + " (the machine has it open)");
        } else {
          Files.delete(path);
          removed.add("removed the file " + path);
        }
      } catch (IOException e) {
        left.add("file " + path + " (" + e + ")");
      }
    }
    return left;
  }

  private static List<Belonging> files(Inventory disk) {
    return disk.belongings().stream().filter(one -> one.kind() == Kind.FILE).toList();
  }

  private Optional<Path> ours(Belonging file) {
    Path path = Path.of(file.name());
    try {
      boolean ours =
          file.file().isPresent()
              ? new OverlayFile(path, file.file().get().device(), file.file().get().inode())
                  .isThere()
              : isMadeAfterThePlan(path);
      return ours ? Optional.of(path) : Optional.empty();
    } catch (NoSuchFileException gone) {
      return Optional.empty();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(path + " cannot be looked at: " + e, e);
    }
  }

  private boolean isMadeAfterThePlan(Path path) throws IOException {
    BasicFileAttributes found =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return found.isRegularFile()
        && found.size() == 0
        && !found.creationTime().toInstant().isBefore(planned.minus(CLOCK_GRAIN));
  }
}
