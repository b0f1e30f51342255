package dev.stillpoint.backends.zfs;

import dev.stillpoint.backends.host.LocalPrograms;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.storage.StorageMethod;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.SnapshotMethodProvider;

/** Makes the method {@code zfs}, over the programs of this host unless it is given others. */
public final class ZfsProvider implements SnapshotMethodProvider {
  /** For {@link java.util.ServiceLoader}. */
  public ZfsProvider() {}

  @Override
  public String name() {
    return ZfsStorage.NAME;
  }

  @Override
  public SnapshotMethod create(Services services) {
    Programs programs = services.find(Programs.class).orElseGet(LocalPrograms::new);
    return new StorageMethod(new ZfsStorage(programs));
  }
}
