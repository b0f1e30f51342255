package dev.stillpoint.testkit.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.testkit.LineSocket;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Every kind of file system in one guest, as its real agent sees and freezes it. */
class GuestStorageTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @Test
  void theAgentSeesAndFreezesEveryKind() throws IOException {
    // given ext4, XFS, btrfs, and ext4 on a logical volume, and a loop-mounted file
    try (Guest guest = WarmGuest.start(GuestConfig.fourFileSystems())) {
      guest.mountLoop();
      String mounts =
          guest.shell("grep -E ' /(data|loop)' /proc/mounts | cut -d' ' -f1-3 | sort -k2");
      assertEquals(
          """
          /dev/vda /data0 ext4
          /dev/vdb /data1 xfs
          /dev/vdc /data2 btrfs
          /dev/mapper/vg3-lv /data3 ext4
          /dev/loop0 /loop ext4
          """,
          mounts);
      guest.awaitNextAck(LIMIT);
      try (LineSocket socket = LineSocket.connect(AgentSafety.require(guest))) {
        var agent = new AgentLines(socket);
        // then the agent finds the volume's disk by its serial, and what it depends on
        String volume = agent.part("guest-get-fsinfo", "/data3");
        assertTrue(volume.contains("\"serial\": \"disk3\""), volume);
        assertTrue(volume.contains("\"type\": \"ext4\""), volume);
        String disks = agent.ask("guest-get-disks");
        String mapped = "\"name\": \"/dev/dm-0\", \"dependencies\": [\"/dev/vdd\"]";
        assertTrue(disks.contains(mapped), disks);
        String btrfs = agent.part("guest-get-fsinfo", "/data2");
        assertTrue(btrfs.contains("\"type\": \"btrfs\""), btrfs);
        assertTrue(agent.part("guest-get-fsinfo", "/loop").contains("\"disk\": []"));
        // and it freezes all of them, and one alone
        assertEquals("{\"return\": 5}", agent.ask("guest-fsfreeze-freeze"));
        for (String point : new String[] {"/data0", "/data1", "/data2", "/data3", "/loop"}) {
          assertTrue(guest.isFrozen(point), point);
        }
        assertEquals("{\"return\": 5}", agent.ask("guest-fsfreeze-thaw"));
        assertEquals("{\"return\": 1}", agent.freezeOnly("/data3"));
        assertTrue(guest.isFrozen("/data3"));
        for (String point : new String[] {"/data0", "/data1", "/data2", "/loop"}) {
          assertFalse(guest.isFrozen(point), point);
        }
        agent.ask("guest-fsfreeze-thaw");
        assertFalse(guest.isFrozen("/data3"));
      }
      guest.awaitNextAck(LIMIT);
    }
  }

  @Test
  void hooksFailAndWaitAsTheTestSays() throws IOException {
    try (Guest guest = WarmGuest.start(GuestConfig.fourFileSystems());
        LineSocket socket = LineSocket.connect(AgentSafety.require(guest))) {
      var agent = new AgentLines(socket);
      // given a hook that refuses the freeze
      guest.failHookAt("freeze");
      String refused = agent.ask("guest-fsfreeze-freeze");
      assertTrue(refused.contains("error"), refused);
      assertFalse(guest.isFrozen("/data0"));
      // and one that fails the thaw
      guest.failHookAt("thaw");
      assertEquals("{\"return\": 4}", agent.ask("guest-fsfreeze-freeze"));
      assertTrue(agent.ask("guest-fsfreeze-thaw").contains("error"));
      assertFalse(guest.isFrozen("/data0"));
      // and one that stays in the freeze until it may go on
      guest.holdHookAt("freeze");
      agent.send("guest-fsfreeze-freeze");
      guest.shell("until tail -n1 /run/hook.log | grep -q freeze; do usleep 10000; done");
      assertFalse(guest.isFrozen("/data0"));
      guest.releaseHook();
      assertEquals("{\"return\": 4}", agent.read());
      assertTrue(guest.isFrozen("/data0"));
      assertEquals("{\"return\": 4}", agent.ask("guest-fsfreeze-thaw"));
      guest.awaitNextAck(LIMIT);
    }
  }
}
