package dev.stillpoint.it.methods;

import dev.stillpoint.backends.lvm.LvmProvider;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;

/** The method {@code lvm} over the volumes of an array, which its guest agent reaches. */
abstract class LvmContract extends ArrayContract {
  @Override
  SelectedDisk selected(SelectedDisk disk, String volume) {
    return reached(disk.withMethod("lvm").withOption("device", "/dev/vg/" + volume));
  }

  /** The disk with the way to the array. */
  SelectedDisk reached(SelectedDisk disk) {
    return disk.withOption("at", "qga:unix:" + array().agent());
  }

  @Override
  protected SnapshotMethod newMethod() {
    return new LvmProvider().create(Services.none());
  }
}
