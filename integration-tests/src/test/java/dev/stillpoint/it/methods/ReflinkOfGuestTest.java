package dev.stillpoint.it.methods;

import dev.stillpoint.backends.reflink.ReflinkProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;

/** On an XFS. */
class ReflinkOfGuestTest extends StorageOfGuestContract {
  private final LoopMount mount = LoopMount.xfs(640L << 20);

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
    return new ReflinkProvider().create(Services.none());
  }

  @Override
  protected Set<String> contents() throws IOException {
    return FileDisks.contents(mount.path(), Pattern.compile("disk0\\.raw"));
  }

  /** Root may write to it all the same; others may not. */
  @Override
  protected boolean isReadOnly(DiskSource backup) throws IOException {
    return !PosixFilePermissions.toString(Files.getPosixFilePermissions(FileDisks.file(backup)))
        .contains("w");
  }
}
