package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.stillpoint.backends.btrfs.BtrfsProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;

/** The subvolume is the file system's topmost. */
class BtrfsOfGuestTest extends StorageOfGuestContract {
  private final LoopMount mount = LoopMount.btrfs(640L << 20);

  @AfterEach
  void unmount() {
    mount.close();
  }

  @Override
  protected DiskPlace place() {
    return new DiskPlace.Directory(mount.path());
  }

  @Override
  protected SnapshotMethod newMethod() {
    return new BtrfsProvider().create(Services.none());
  }

  @Override
  protected Set<String> contents() throws IOException {
    return FileDisks.contents(mount.path(), Pattern.compile("disk0\\.raw"));
  }

  @Override
  protected boolean isReadOnly(DiskSource backup) {
    var refused =
        assertThrows(
            FileSystemException.class,
            () -> Files.newByteChannel(FileDisks.file(backup), StandardOpenOption.WRITE).close());
    return String.valueOf(refused.getReason()).contains("Read-only");
  }
}
