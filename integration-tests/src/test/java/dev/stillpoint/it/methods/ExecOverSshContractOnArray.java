package dev.stillpoint.it.methods;

import dev.stillpoint.backends.exec.ExecProvider;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.storage.ArraySsh;
import org.junit.jupiter.api.BeforeAll;

/** The whole contract for the documentation's example, which reaches the array by ssh. */
class ExecOverSshContractOnArray extends ArrayContract {
  private static ArraySsh ssh;

  ExecOverSshContractOnArray() {
    HostTools.require("python3");
  }

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
    return disk.withMethod("exec")
        .withOption("program", ExecContractOnArray.EXAMPLE.toString())
        .withOption("ssh", ArraySsh.DESTINATION)
        .withOption("ssh-config", ssh.config().toString())
        .withOption("volume", "vg/" + volume);
  }

  @Override
  protected SnapshotMethod newMethod() {
    return new ExecProvider().create(Services.none());
  }
}
