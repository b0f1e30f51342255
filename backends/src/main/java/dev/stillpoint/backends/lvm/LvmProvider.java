package dev.stillpoint.backends.lvm;

import dev.stillpoint.backends.storage.StorageMethod;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.SnapshotMethodProvider;

/** The method {@code lvm}. It uses no service. */
public final class LvmProvider implements SnapshotMethodProvider {
  /** For {@link java.util.ServiceLoader}. */
  public LvmProvider() {}

  @Override
  public String name() {
    return LvmStorage.NAME;
  }

  @Override
  public SnapshotMethod create(Services services) {
    return new StorageMethod(new LvmStorage());
  }
}
