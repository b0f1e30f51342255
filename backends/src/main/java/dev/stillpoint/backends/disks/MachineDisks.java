package dev.stillpoint.backends.disks;

import dev.stillpoint.backends.host.Worker;
import dev.stillpoint.backends.qemu.QemuDisks;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.DiskLocator;
import dev.stillpoint.qmp.QmpClient;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * The disks of a running machine, by qdev id, block device name, node name or image path. A raw
 * logical volume is cut by {@code lvm} where nothing else is said, a raw zvol by {@code zfs}, a raw
 * image of Ceph by {@code rbd}, and every other disk by {@code qemu}.
 */
public final class MachineDisks implements DiskLocator {
  private final QmpClient monitor;

  /** Those of the machine behind this monitor, which stays the caller's. */
  public MachineDisks(QmpClient monitor) {
    this.monitor = monitor;
  }

  @Override
  public CompletionStage<Located> locate(List<SelectedDisk> asked, Deadline deadline) {
    return Worker.later(() -> {
      Located found = QemuDisks.locate(monitor, asked, deadline);
      return new Located(
          found.disks().stream()
              .map(DefaultMethod::inMachine)
              .map(OwnData::required)
              .map(disk -> OpenDisk.required(monitor, disk))
              .toList(),
          found.notCovered(),
          found.warnings());
    });
  }
}
