package dev.stillpoint.it.methods;

import dev.stillpoint.backends.btrfs.BtrfsProvider;
import dev.stillpoint.backends.host.LocalPrograms;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.testing.SnapshotMethodContract;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Disks that share one subvolume. */
class BtrfsContractTest extends SnapshotMethodContract {
  private static final long SIZE = 256L << 20;
  private static final String DISK = ".raw";

  @SuppressWarnings("NullAway.Init")
  private static LoopMount mount;

  private static int made;

  private final Set<Path> roots = new TreeSet<>();
  private int disks;

  @BeforeAll
  static void mount() {
    mount = LoopMount.btrfs(SIZE);
  }

  @AfterAll
  static void unmount() {
    mount.close();
  }

  /** The subvolume for the disk of this number: one for all. */
  Path subvolume(int disk) {
    return roots.isEmpty() ? newSubvolume() : roots.iterator().next();
  }

  final Path newSubvolume() {
    Path root = mount.path().resolve("vm" + made++);
    HostCommand.run(mount.path(), List.of("btrfs", "subvolume", "create", root.toString()));
    roots.add(root);
    return root;
  }

  @Override
  protected SnapshotMethod newMethod() {
    return new BtrfsProvider().create(Services.none());
  }

  @Override
  protected SnapshotMethod newMethod(Runnable beforeWaiting) {
    var held = new HeldPrograms(new LocalPrograms(), beforeWaiting);
    return new BtrfsProvider().create(Services.none().with(Programs.class, held));
  }

  @Override
  protected LocatedDisk newDisk(String content) throws IOException {
    Path root = subvolume(disks);
    return FileDisks.make(root.resolve("disk" + disks++ + DISK), "btrfs", content);
  }

  @Override
  protected LocatedDisk newUnservableDisk() {
    return new LocatedDisk(
        SelectedDisk.named("/dev/null").withMethod("btrfs"),
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
    Set<String> all = new TreeSet<>();
    for (Path root : roots) {
      all.addAll(FileDisks.contents(root, Pattern.compile("disk\\d+\\.raw")));
    }
    return all;
  }

  @Override
  protected void plant(LocatedDisk disk, SnapshotName name) throws IOException {
    Path root = rootOf(disk);
    Path place = Files.createDirectories(root.resolve(".stillpoint")).resolve(name.text());
    HostCommand.run(
        root, List.of("btrfs", "subvolume", "snapshot", root.toString(), place.toString()));
  }

  private Path rootOf(LocatedDisk disk) {
    Path file = FileDisks.file(disk.source());
    return roots.stream().filter(file::startsWith).findFirst().orElseThrow();
  }

  @Override
  protected AutoCloseable use(LocatedDisk disk) {
    return FileDisks.use(disk);
  }
}
