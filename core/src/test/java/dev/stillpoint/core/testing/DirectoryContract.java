package dev.stillpoint.core.testing;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.SnapshotMethod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;

/** The contract over disks that are small files, and a method with a flaw or without. */
class DirectoryContract extends SnapshotMethodContract {
  private final Flaw flaw;
  private final Path home;
  private int disks;

  DirectoryContract(Flaw flaw) throws IOException {
    this.flaw = flaw;
    this.home = Files.createTempDirectory("sp-contract-");
  }

  @AfterEach
  void removeAll() throws IOException {
    for (Path path : all()) {
      Files.delete(path);
    }
  }

  /** What is inside of a directory before the directory. */
  private List<Path> all() throws IOException {
    try (Stream<Path> paths = Files.walk(home)) {
      return paths.sorted(Comparator.reverseOrder()).toList();
    }
  }

  @Override
  protected SnapshotMethod newMethod() {
    return newMethod(() -> {});
  }

  @Override
  protected SnapshotMethod newMethod(Runnable beforeWaiting) {
    return new DirectoryMethod(flaw, beforeWaiting);
  }

  @Override
  protected LocatedDisk newDisk(String content) throws IOException {
    return disk("d" + disks++ + DirectoryMethod.SUFFIX, content);
  }

  private LocatedDisk disk(String name, String content) throws IOException {
    Path file = Files.writeString(home.resolve(name), content);
    return new LocatedDisk(
        SelectedDisk.named(name).withMethod("directory"),
        new DiskSource.File(file, "raw"),
        CutDisk.named(name));
  }

  @Override
  protected LocatedDisk newUnservableDisk() throws IOException {
    return disk("other", "");
  }

  @Override
  protected void write(LocatedDisk disk, String content) throws IOException {
    Files.writeString(DirectoryMethod.file(disk), content);
  }

  @Override
  protected String read(LocatedDisk disk) throws IOException {
    return Files.readString(DirectoryMethod.file(disk));
  }

  @Override
  protected String readBackup(DiskSource source) throws IOException {
    return Files.readString(((DiskSource.File) source).path());
  }

  @Override
  protected Set<String> contents() throws IOException {
    var found = new TreeSet<String>();
    for (Path path : all()) {
      boolean disk = String.valueOf(path.getFileName()).endsWith(DirectoryMethod.SUFFIX);
      if (!disk && !path.equals(home)) {
        found.add(path + " " + Files.getAttribute(path, "unix:ino"));
      }
    }
    return found;
  }

  @Override
  protected void plant(LocatedDisk disk, SnapshotName name) throws IOException {
    Path place = Files.createDirectory(new DirectoryMethod(flaw, () -> {}).place(disk, name));
    Files.writeString(place.resolve("content"), "somebody else's");
  }

  @Override
  protected AutoCloseable use(LocatedDisk disk) throws IOException {
    Path used = Files.createFile(DirectoryMethod.used(DirectoryMethod.file(disk)));
    return () -> Files.delete(used);
  }
}
