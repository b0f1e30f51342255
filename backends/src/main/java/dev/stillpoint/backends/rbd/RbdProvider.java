package dev.stillpoint.backends.rbd;

import dev.stillpoint.backends.host.LocalPrograms;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.storage.StorageMethod;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.SnapshotMethodProvider;

/** Makes the method {@code rbd}, over the programs of this host unless it is given others. */
public final class RbdProvider implements SnapshotMethodProvider {
  /** For {@link java.util.ServiceLoader}. */
  public RbdProvider() {}

  @Override
  public String name() {
    return RbdStorage.NAME;
  }

  @Override
  public SnapshotMethod create(Services services) {
    Programs programs = services.find(Programs.class).orElseGet(LocalPrograms::new);
    return new StorageMethod(new RbdStorage(programs));
  }
}
