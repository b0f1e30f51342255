package dev.stillpoint.backends.reflink;

import dev.stillpoint.backends.host.LocalPrograms;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.storage.StorageMethod;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.SnapshotMethodProvider;

/** Brings the method {@code reflink}, over {@link Programs} where the services have them. */
public final class ReflinkProvider implements SnapshotMethodProvider {
  /** For the service loader. */
  public ReflinkProvider() {}

  @Override
  public String name() {
    return Reflink.NAME;
  }

  @Override
  public SnapshotMethod create(Services services) {
    return new StorageMethod(
        new Reflink(services.find(Programs.class).orElseGet(LocalPrograms::new)));
  }
}
