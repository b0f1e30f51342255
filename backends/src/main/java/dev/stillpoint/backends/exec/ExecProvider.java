package dev.stillpoint.backends.exec;

import dev.stillpoint.backends.storage.StorageMethod;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.SnapshotMethodProvider;

/** The method {@code exec}. It uses no service. */
public final class ExecProvider implements SnapshotMethodProvider {
  /** For {@link java.util.ServiceLoader}. */
  public ExecProvider() {}

  @Override
  public String name() {
    return ExecStorage.NAME;
  }

  @Override
  public SnapshotMethod create(Services services) {
    return new StorageMethod(new ExecStorage());
  }
}
