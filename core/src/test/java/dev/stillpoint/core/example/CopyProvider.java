package dev.stillpoint.core.example;

import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.SnapshotMethodProvider;

/** Makes the example's method where its jar is found. */
public final class CopyProvider implements SnapshotMethodProvider {
  /** For {@link java.util.ServiceLoader}. */
  public CopyProvider() {}

  @Override
  public String name() {
    return CopyMethod.NAME;
  }

  @Override
  public SnapshotMethod create(Services services) {
    return new CopyMethod();
  }
}
