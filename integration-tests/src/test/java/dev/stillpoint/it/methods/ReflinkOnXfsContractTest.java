package dev.stillpoint.it.methods;

import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class ReflinkOnXfsContractTest extends ReflinkContract {
  @SuppressWarnings("NullAway.Init")
  private static LoopMount mount;

  ReflinkOnXfsContractTest() throws IOException {
    super(mount.path());
  }

  @BeforeAll
  static void mount() {
    mount = LoopMount.xfs(320L << 20);
  }

  @AfterAll
  static void unmount() {
    mount.close();
  }
}
