package dev.stillpoint.it.methods;

import dev.stillpoint.backends.exec.ExecProvider;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.testkit.HostTools;
import java.nio.file.Path;

/**
 * The whole contract for the example that the documentation gives, over classic volumes. It takes
 * minutes; what one does with it is in {@link LvmOfGuestTest}.
 */
class ExecContractOnArray extends ArrayContract {
  static final Path EXAMPLE =
      Path.of("../docs/methods/exec-lvm-array.py").toAbsolutePath().normalize();

  ExecContractOnArray() {
    HostTools.require("python3");
  }

  @Override
  boolean isThin() {
    return false;
  }

  @Override
  SelectedDisk selected(SelectedDisk disk, String volume) {
    return disk.withMethod("exec")
        .withOption("program", EXAMPLE.toString())
        .withOption("agent", array().agent().toString())
        .withOption("volume", "vg/" + volume);
  }

  @Override
  protected SnapshotMethod newMethod() {
    return new ExecProvider().create(Services.none());
  }
}
