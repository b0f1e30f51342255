package dev.stillpoint.it.methods;

import dev.stillpoint.backends.lvm.LvmProvider;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;

class LvmThinContractTest extends ArrayContract {
  @Override
  boolean isThin() {
    return true;
  }

  @Override
  SelectedDisk selected(SelectedDisk disk, String volume) {
    return disk.withMethod("lvm")
        .withOption("device", "/dev/vg/" + volume)
        .withOption("at", "qga:unix:" + array().agent());
  }

  @Override
  protected SnapshotMethod newMethod() {
    return new LvmProvider().create(Services.none());
  }
}
