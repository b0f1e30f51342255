package dev.stillpoint.it.methods;

import dev.stillpoint.backends.lvm.LvmProvider;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.testkit.storage.ArraySsh;
import org.junit.jupiter.api.BeforeAll;

/**
 * The whole contract with an array that is reached by ssh; {@link LvmOverSshTest} has the faults.
 */
class LvmOverSshContractOnArray extends ArrayContract {
  private static ArraySsh ssh;

  @BeforeAll
  static void startSsh() {
    ssh = array().startSsh();
  }

  @Override
  boolean isThin() {
    return true;
  }

  @Override
  SelectedDisk selected(SelectedDisk disk, String volume) {
    return disk.withMethod("lvm")
        .withOption("device", "/dev/vg/" + volume)
        .withOption("at", "ssh:" + ArraySsh.DESTINATION)
        .withOption("ssh-config", ssh.config().toString());
  }

  @Override
  protected SnapshotMethod newMethod() {
    return new LvmProvider().create(Services.none());
  }
}
