package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.host.LocalPrograms;
import dev.stillpoint.backends.storage.StorageMethod;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.SnapshotMethodProvider;
import dev.stillpoint.qmp.QmpClient;

/** Makes the method {@code qemu-internal}, over the monitor where there is one. */
public final class QemuInternalProvider implements SnapshotMethodProvider {
  /** For {@link java.util.ServiceLoader}. */
  public QemuInternalProvider() {}

  @Override
  public String name() {
    return QemuInternal.NAME;
  }

  @Override
  public SnapshotMethod create(Services services) {
    return new StorageMethod(new QemuInternal(services.find(QmpClient.class), new LocalPrograms()));
  }
}
