package dev.stillpoint.testkit.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.LineSocket;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A cold boot of the whole thing. */
class GuestTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @Test
  void bootsWritesAndLeavesNothing() {
    // given a guest with three disks
    Path directory;
    long pid;
    try (Guest guest = Guest.boot(GuestConfig.threeDisks())) {
      directory = guest.directory();
      pid = guest.pid();
      // then its disks are mounted where the kit says
      String mounts = guest.shell("grep /data /proc/mounts | cut -d' ' -f2,3 | sort");
      assertEquals("/data0 ext4\n/data1 xfs\n/data2 ext4\n", mounts);
      // and what the writer acknowledges is on all of them
      long ack = guest.awaitNextAck(LIMIT);
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

  @Test
  void disksComeAsTheConfigurationSays() throws Exception {
    // given a raw disk, a throttled one and one without a file system, and a hook
    GuestConfig config =
        GuestConfig.of(
                GuestDisk.of(FileSystem.EXT4).raw(),
                GuestDisk.of(FileSystem.EXT4).throttled(50L << 20),
                GuestDisk.of(FileSystem.NONE))
            .withFreezeHook();
    try (Guest guest = Guest.boot(config);
        ControlMonitor monitor = guest.control()) {
      // then QEMU has them so
      String blocks = monitor.execute("query-block", "{}");
      assertTrue(blocks.contains("\"node-name\": \"disk0\""), blocks);
      assertTrue(blocks.contains("\"drv\": \"raw\""), blocks);
      assertTrue(blocks.contains("\"node-name\": \"throttle1\""), blocks);
      assertTrue(guest.images().get(0).toString().endsWith("disk0.raw"));
      // and the guest mounts those that can be
      assertEquals("/data0\n/data1\n", guest.shell("grep -o '/data[0-9]*' /proc/mounts | sort"));
      // and the writer passes over the third
      guest.awaitNextAck(LIMIT);
      // and the hook runs around a freeze, which stands the writer still
      freezeAndThaw(guest);
      assertEquals("freeze\nthaw\n", guest.shell("cat /run/hook.log"));
      guest.awaitNextAck(LIMIT);
    }
  }

  private static void freezeAndThaw(Guest guest) throws IOException {
    try (LineSocket agent = LineSocket.connect(AgentSafety.require(guest))) {
      agent.send("{\"execute\":\"guest-fsfreeze-freeze\"}\n");
      assertEquals("{\"return\": 2}", agent.readLine(Deadline.in(LIMIT)));
      long frozenAt = guest.lastAck().orElseThrow();
      String states =
          guest.shell("for d in /data0 /data1; do fsfreeze --freeze $d 2>&1; done; true");
      assertEquals(2, states.lines().filter(line -> line.contains("busy")).count(), states);
      assertTrue(guest.lastAck().orElseThrow() <= frozenAt + 1);
      agent.send("{\"execute\":\"guest-fsfreeze-thaw\"}\n");
      assertEquals("{\"return\": 2}", agent.readLine(Deadline.in(LIMIT)));
    }
  }
}
