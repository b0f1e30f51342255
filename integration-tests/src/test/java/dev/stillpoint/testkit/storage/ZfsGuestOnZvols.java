package dev.stillpoint.testkit.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** The kit's ZFS server is what the tests take it for. */
class ZfsGuestOnZvols {
  @Test
  void itIsAnOpenZfsWithVolumesAndAWayIntoSnapshots() {
    try (ZfsGuest server = ZfsGuest.start()) {
      // given
      server.createVolume("one", 4 << 20);
      String directory = server.createDataset("files");
      server.shell("echo old > " + directory + "/file");
      server.shell("echo old > /dev/zvol/tank/one");
      // when
      server.shell("zfs snapshot tank/one@point tank/files@point");
      server.links();
      server.shell("echo new > " + directory + "/file");
      server.shell("echo new > /dev/zvol/tank/one");
      // then
      assertTrue(server.shell("zfs version").startsWith("zfs-2"));
      assertEquals("old\n", server.shell("head -n 1 /dev/zvol/tank/one@point"));
      assertEquals("old\n", server.shell("cat /tank/files/.zfs/snapshot/point/file"));
      assertEquals("1\n", server.shell("blockdev --getro /dev/zvol/tank/one@point"));
      server.removeAll();
      assertEquals(1, server.contents().size(), server.contents()::toString);
    }
  }
}
