package dev.stillpoint.it.methods;

import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class ReflinkOnBtrfsContractTest extends ReflinkContract {
  @SuppressWarnings("NullAway.Init")
  private static LoopMount mount;

  ReflinkOnBtrfsContractTest() throws IOException {
    super(mount.path());
  }

  @BeforeAll
  static void mount() {
    mount = LoopMount.btrfs(256L << 20);
  }

  @AfterAll
  static void unmount() {
    mount.close();
  }
}
