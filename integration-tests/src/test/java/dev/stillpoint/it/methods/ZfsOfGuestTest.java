package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.storage.ZfsFusePool;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** A guest whose disk lies in a dataset of a zfs-fuse; its backup is read through a clone. */
@Timeout(240)
class ZfsOfGuestTest extends StorageOfGuestContract {
  private final ZfsFusePool pool = ZfsFusePool.create(1L << 30);
  private final ZfsDisks disks = new ZfsDisks(pool);

  @AfterEach
  void end() {
    pool.close();
  }

  @Override
  protected DiskPlace place() {
    return new DiskPlace.Directory(pool.createDataset("vm"));
  }

  @Override
  protected SnapshotMethod newMethod() {
    return disks.method();
  }

  @Override
  protected Services services() {
    return Services.none().with(Programs.class, KitPrograms.of(pool));
  }

  @Override
  protected Set<String> contents() {
    return new TreeSet<>(pool.contents());
  }

  @Override
  protected String hash(DiskSource source) throws Exception {
    if (source instanceof DiskSource.File) {
      return super.hash(source);
    }
    return disks.inBackup(source, file -> super.hash(new DiskSource.File(file, "raw")));
  }

  @Override
  protected FrozenImage copy(DiskSource backup) throws Exception {
    return disks.inBackup(backup, file -> FrozenImage.of(file, "raw"));
  }

  @Override
  protected boolean isReadOnly(DiskSource backup) throws Exception {
    return disks.inBackup(backup, ZfsOfGuestTest::refusesWriters);
  }

  private static boolean refusesWriters(Path file) {
    var refused =
        assertThrows(
            FileSystemException.class,
            () -> Files.newByteChannel(file, StandardOpenOption.WRITE).close());
    return String.valueOf(refused.getReason()).contains("Read-only");
  }
}
