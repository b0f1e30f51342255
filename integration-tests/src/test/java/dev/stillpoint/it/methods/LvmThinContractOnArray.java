package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.LocatedDisk;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LvmThinContractOnArray extends LvmContract {
  @Override
  boolean isThin() {
    return true;
  }

  @Test
  void aPoolIsWarnedOfWhenNearlyFullAndRefusedWhenFull() throws Exception {
    // given a pool of 320 chunks
    array()
        .shell(
            "lvcreate -q -y -Zn --type thin-pool -c 64k -L 20m --poolmetadatasize 4m -n small vg");
    try {
      array().shell("lvcreate -q -y -Wn -V 24m --thinpool small -n brim vg");
      LocatedDisk disk = disk("brim");
      Set<String> before = contents();
      // when, then
      fill(15);
      assertEquals(List.of(), check(disk).warnings());
      fill(16);
      List<String> warnings = check(disk).warnings();
      assertEquals(1, warnings.size(), warnings::toString);
      assertTrue(
          warnings.get(0).contains("vg/small is nearly full: its data are 80.0 % full"),
          warnings::toString);
      fill(19);
      assertNoSpace("its data are 95.0 % full", disk);
      assertEquals(before, contents());
    } finally {
      array().shell("lvremove -q -f -y vg/small");
    }
  }

  /** Takes as many mebibytes of the small pool as there are. */
  private static void fill(int mebibytes) {
    array()
        .shell(
            "dd if=/dev/zero of=/dev/vg/brim bs=1M count=%d conv=fsync 2> /dev/null"
                .formatted(mebibytes));
  }

  private Cut check(LocatedDisk disk) throws Exception {
    return await(newMethod().check(order("nightly", disk), deadline()));
  }

  private void assertNoSpace(String told, LocatedDisk disk) {
    Failure failure = failureOf(newMethod().check(order("nightly", disk), deadline()));
    assertEquals(ErrorCode.NO_SPACE, failure.code(), failure::toString);
    assertTrue(failure.message().contains(told), failure::toString);
  }
}
