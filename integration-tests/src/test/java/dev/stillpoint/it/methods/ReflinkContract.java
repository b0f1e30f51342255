package dev.stillpoint.it.methods;

import dev.stillpoint.backends.host.LocalPrograms;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.reflink.ReflinkProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.testing.SnapshotMethodContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;

/** Clones of files on a file system that shares blocks. */
abstract class ReflinkContract extends SnapshotMethodContract {
  private static final String DISK = ".img";

  private final Path home;
  private int disks;

  /** In a directory of its own of that file system. */
  ReflinkContract(Path fileSystem) throws IOException {
    this.home = Files.createTempDirectory(fileSystem, "vm");
  }

  @Override
  protected SnapshotMethod newMethod() {
    return new ReflinkProvider().create(Services.none());
  }

  @Override
  protected SnapshotMethod newMethod(Runnable beforeWaiting) {
    var held = new HeldPrograms(new LocalPrograms(), beforeWaiting);
    return new ReflinkProvider().create(Services.none().with(Programs.class, held));
  }

  @Override
  protected LocatedDisk newDisk(String content) throws IOException {
    return FileDisks.make(home.resolve("disk" + disks++ + DISK), "reflink", content);
  }

  @Override
  protected LocatedDisk newUnservableDisk() {
    return new LocatedDisk(
        SelectedDisk.named("/dev/null").withMethod("reflink"),
        new DiskSource.Device(Path.of("/dev/null"), "raw"),
        CutDisk.named("/dev/null"));
  }

  @Override
  protected void write(LocatedDisk disk, String content) throws IOException {
    FileDisks.write(disk, content);
  }

  @Override
  protected String read(LocatedDisk disk) throws IOException {
    return FileDisks.read(disk.source());
  }

  @Override
  protected String readBackup(DiskSource source) throws IOException {
    return FileDisks.read(source);
  }

  @Override
  protected Set<String> contents() throws IOException {
    return FileDisks.contents(home, Pattern.compile("disk\\d+\\.img"));
  }

  @Override
  protected void plant(LocatedDisk disk, SnapshotName name) throws IOException {
    String image = FileDisks.file(disk.source()).toString();
    String stem = image.substring(0, image.length() - DISK.length());
    Files.writeString(Path.of(stem + "." + name + DISK), "somebody else's");
  }

  @Override
  protected AutoCloseable use(LocatedDisk disk) {
    return FileDisks.use(disk);
  }
}
