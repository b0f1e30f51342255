package dev.stillpoint.it.methods;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.testing.SnapshotMethodContract;
import dev.stillpoint.testkit.storage.ZfsFusePool;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The method {@code zfs} on a zfs-fuse, whose snapshots are read through clones. */
@Timeout(60)
class ZfsContractTest extends SnapshotMethodContract {
  private static final long SIZE = 256L << 20;

  private static @Nullable ZfsFusePool pool;

  @TempDir private Path temporary = Path.of("");
  private final ZfsDisks disks = new ZfsDisks(pool());

  @BeforeAll
  static void start() {
    pool = ZfsFusePool.create(SIZE);
  }

  @AfterAll
  static void end() {
    pool().close();
  }

  private static ZfsFusePool pool() {
    return java.util.Objects.requireNonNull(pool);
  }

  @Override
  protected SnapshotMethod newMethod() {
    return disks.method();
  }

  @Override
  protected SnapshotMethod newMethod(Runnable beforeWaiting) {
    return ZfsDisks.method(KitPrograms.held(KitPrograms.of(pool()), beforeWaiting));
  }

  @Override
  protected LocatedDisk newDisk(String content) throws Exception {
    return disks.newDisk(content);
  }

  @Override
  protected LocatedDisk newUnservableDisk() throws Exception {
    return ZfsDisks.disk(temporary.resolve("disk.raw"), "elsewhere");
  }

  @Override
  protected void write(LocatedDisk disk, String content) throws Exception {
    ZfsDisks.write(ZfsDisks.file(disk), content);
  }

  @Override
  protected String read(LocatedDisk disk) throws Exception {
    return ZfsDisks.read(ZfsDisks.file(disk));
  }

  @Override
  protected String readBackup(DiskSource source) throws Exception {
    return disks.readBackup(source);
  }

  @Override
  protected Set<String> contents() {
    return new TreeSet<>(pool().contents());
  }

  @Override
  protected void plant(LocatedDisk disk, SnapshotName name) {
    Path dataset = pool().mountPoint().relativize(ZfsDisks.file(disk)).getParent();
    pool().zfs("snapshot", pool().name() + "/" + dataset + "@" + name);
  }

  @Override
  protected AutoCloseable use(LocatedDisk disk) throws Exception {
    return FileChannel.open(ZfsDisks.file(disk), StandardOpenOption.READ);
  }
}
