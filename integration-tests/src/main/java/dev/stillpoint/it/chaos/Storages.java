package dev.stillpoint.it.chaos;

import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.GuestDisk;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Two storages beside QEMU: disk 1 is a raw image on a btrfs, which its snapshots cut, and disk 2
 * one on an XFS, which is cloned. Three methods in one cut have the machine paused. Needs root.
 */
final class Storages implements AutoCloseable {
  /** How our command line is told. */
  static final List<String> DISKS =
      List.of("--disk", "disk0", "--disk", "disk1,method=btrfs", "--disk", "disk2,method=reflink");

  private static final long SIZE = 640L << 20;

  private static final GuestConfig CONFIG =
      GuestConfig.of(
          GuestDisk.of(FileSystem.EXT4),
          GuestDisk.of(FileSystem.EXT4).raw(),
          GuestDisk.of(FileSystem.EXT4).raw());

  private final LoopMount btrfs;
  private final LoopMount xfs;

  private Storages(LoopMount btrfs, LoopMount xfs) {
    this.btrfs = btrfs;
    this.xfs = xfs;
  }

  static Storages make() {
    LoopMount btrfs = LoopMount.btrfs(SIZE);
    try {
      return new Storages(btrfs, LoopMount.xfs(SIZE));
    } catch (RuntimeException e) {
      btrfs.close();
      throw e;
    }
  }

  Guest startGuest() {
    return WarmGuest.of(CONFIG)
        .startWith(
            Map.of(
                1, new DiskPlace.Directory(btrfs.path()),
                2, new DiskPlace.Directory(xfs.path())));
  }

  /** What a backup reads of the two, where both are cut. */
  List<Path> pointInTime() {
    return List.of(place().resolve("snapshot").resolve("disk1.raw"), clone("disk2.%s.raw"));
  }

  private Path place() {
    return btrfs.path().resolve(".stillpoint").resolve(Scene.NAME);
  }

  private Path clone(String name) {
    return xfs.path().resolve(name.formatted(Scene.NAME));
  }

  /** Both are cut, and nothing else is there. */
  boolean isWhole() {
    return pointInTime().stream().allMatch(Files::isRegularFile)
        && left()
            .equals(
                List.of(
                        clone("disk2.%s.raw"),
                        place().getParent(),
                        place(),
                        place().resolve("snapshot"))
                    .stream()
                    .sorted()
                    .toList());
  }

  /** Everything that a cut has put there, begun or whole. */
  List<Path> left() {
    return Stream.concat(
            walk(btrfs.path(), place().resolve("snapshot").getNameCount()),
            walk(xfs.path(), xfs.path().getNameCount() + 1))
        .filter(path -> !path.equals(btrfs.path().resolve("disk1.raw")))
        .filter(path -> !path.equals(xfs.path().resolve("disk2.raw")))
        .sorted()
        .toList();
  }

  /** What lies below, to that depth and not as deep as into a snapshot. */
  private static Stream<Path> walk(Path root, int depth) {
    try (Stream<Path> all = Files.walk(root, depth - root.getNameCount())) {
      return all.filter(path -> !path.equals(root)).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The names by which whoever leaves a snapshot of theirs has to call it. */
  List<String> namesOfLeft() {
    var begun = xfs.path().resolve(".disk2." + Scene.NAME + ".raw.sp-begun");
    return Stream.of(place(), clone("disk2.%s.raw"))
        .filter(path -> Files.exists(path) || (path.startsWith(xfs.path()) && Files.exists(begun)))
        .map(Path::toString)
        .toList();
  }

  @Override
  public void close() {
    btrfs.close();
    xfs.close();
  }
}
