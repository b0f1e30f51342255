package dev.stillpoint.backends.btrfs;

import dev.stillpoint.backends.host.LocalPrograms;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.storage.StorageMethod;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.SnapshotMethodProvider;

/** Brings the method {@code btrfs}, over {@link Programs} where the services have them. */
public final class BtrfsProvider implements SnapshotMethodProvider {
  /** For the service loader. */
  public BtrfsProvider() {}

  @Override
  public String name() {
    return Btrfs.NAME;
  }

  @Override
  public SnapshotMethod create(Services services) {
    return new StorageMethod(
        new Btrfs(services.find(Programs.class).orElseGet(LocalPrograms::new)));
  }
}
