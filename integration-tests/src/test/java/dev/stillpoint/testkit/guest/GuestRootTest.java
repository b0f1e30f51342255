package dev.stillpoint.testkit.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.testkit.LineSocket;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A guest whose agent stands on what it freezes. */
class GuestRootTest {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  @Test
  void anAgentOnAFrozenRootDiesAndComesBack() throws IOException {
    try (Guest guest = WarmGuest.start(GuestConfig.rootOnExt4())) {
      // given a guest whose root is on its first disk, with the agent and its state
      assertEquals("/dev/vda / ext4\n", guest.shell("grep ' / ' /proc/mounts | cut -d' ' -f1-3"));
      assertEquals("/usr/sbin/qemu-ga\n", guest.shell("readlink /proc/$(pidof qemu-ga)/exe"));
      guest.awaitNextAck(LIMIT);
      for (boolean withState : new boolean[] {true, false}) {
        try (LineSocket socket = LineSocket.connect(AgentSafety.require(guest))) {
          assertEquals("{\"return\": 2}", new AgentLines(socket).ask("guest-fsfreeze-freeze"));
        }
        // when the agent is killed over the frozen root, and comes back
        guest.killAgent();
        assertTrue(guest.isFrozen("/"));
        if (withState) {
          guest.startAgent();
        } else {
          guest.startAgentWithoutState();
        }
        guest.awaitAgent();
        try (LineSocket socket = LineSocket.connect(AgentSafety.require(guest))) {
          var agent = new AgentLines(socket);
          // then it says what it can know, and a thaw frees the root in either case
          String status = withState ? "frozen" : "thawed";
          assertEquals(
              "{\"return\": \"%s\"}".formatted(status), agent.ask("guest-fsfreeze-status"));
          assertTrue(guest.isFrozen("/data0"));
          assertEquals("{\"return\": 2}", agent.ask("guest-fsfreeze-thaw"));
          assertFalse(guest.isFrozen("/"));
        }
        guest.awaitNextAck(LIMIT);
      }
    }
  }
}
