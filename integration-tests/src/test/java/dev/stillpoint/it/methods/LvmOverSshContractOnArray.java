package dev.stillpoint.it.methods;

import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.testkit.storage.ArraySsh;
import org.junit.jupiter.api.BeforeAll;

/**
 * The whole contract with an array that is reached by ssh; {@link LvmOverSshTest} has the faults.
 */
class LvmOverSshContractOnArray extends LvmContract {
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
  SelectedDisk reached(SelectedDisk disk) {
    return disk.withOption("at", "ssh:" + ArraySsh.DESTINATION)
        .withOption("ssh-config", ssh.config().toString());
  }
}
