package dev.stillpoint.it.methods;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link FourMethodsTest} as often as its order of writes has to be seen. */
class FourMethodsOnArray {
  private static final int RUNS = 20;

  @Test
  @Timeout(600)
  void everyOneOfTwentyCutsIsOneInstantAndClean() {
    try (FourDisks disks = FourDisks.start()) {
      for (int run = 0; run < RUNS; run++) {
        FourMethodsTest.assertOneInstant(disks, "run" + run);
      }
      disks.machine().assertWritesOn();
    }
  }
}
