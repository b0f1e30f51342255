package dev.stillpoint.testkit.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A cold boot of the whole thing. */
class GuestTest {
  @Test
  void bootsWritesAndLeavesNothing() {
    // given a guest with three disks
    Path directory;
    long pid;
    long t = System.nanoTime();
    try (Guest guest = Guest.boot(GuestConfig.threeDisks())) {
      System.out.println("boot ms " + (System.nanoTime() - t) / 1_000_000);
      directory = guest.directory();
      pid = guest.pid();
      // then its disks are mounted where the kit says
      String mounts = guest.shell("grep /data /proc/mounts | cut -d' ' -f2,3 | sort");
      assertEquals("/data0 ext4\n/data1 xfs\n/data2 ext4\n", mounts);
      // and what the writer acknowledges is on all of them
      long ack = guest.awaitNextAck(Duration.ofSeconds(20));
      for (int disk = 0; disk < 3; disk++) {
        long sequence = Long.parseLong(guest.shell("cat /data" + disk + "/seq").strip());
        assertTrue(
            sequence >= ack, "disk " + disk + " holds " + sequence + ", acknowledged " + ack);
      }
    }
    // and after it nothing is left
    assertFalse(Files.exists(directory));
    assertFalse(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
  }
}
