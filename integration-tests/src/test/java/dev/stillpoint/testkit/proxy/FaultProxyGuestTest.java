package dev.stillpoint.testkit.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.LineSocket;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The proxy and the stranger before the agent of a real guest. */
class FaultProxyGuestTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private static String ask(LineSocket agent, String command) throws IOException {
    agent.send("{\"execute\":\"%s\"}\n".formatted(command));
    return agent.readLine(Deadline.in(LIMIT));
  }

  @Test
  void aFreezeWhoseReplyIsLostHasFrozenTheGuest() throws IOException {
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        FaultProxy proxy = FaultProxy.beforeAgent(guest);
        LineSocket agent = LineSocket.connect(AgentSafety.require(proxy.socket()))) {
      // given a guest that writes
      guest.awaitNextAck(LIMIT);
      Trap gone = proxy.watch(Moment.request("guest-fsfreeze-freeze"));
      Trap lost = proxy.arm(Moment.replyTo("guest-fsfreeze-freeze"), Fault.drop());
      // when the reply to a freeze is lost
      agent.send("{\"execute\":\"guest-fsfreeze-freeze\"}\n");
      gone.await(LIMIT);
      assertEquals("{\"return\": 3}\n", lost.await(LIMIT));
      // then the guest is frozen although the client has heard nothing
      assertEquals("{\"return\": \"frozen\"}", ask(agent, "guest-fsfreeze-status"));
      // and thawed by whoever knows, it writes again
      assertEquals("{\"return\": 3}", ask(agent, "guest-fsfreeze-thaw"));
      guest.awaitNextAck(LIMIT);
    }
  }

  @Test
  void aStrangerIsServedWheneverThePlaceIsFree() throws IOException {
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        ForeignPoller poller = ForeignPoller.on(guest.agent(), Duration.ofMillis(200))) {
      // given a stranger that is served again and again
      assertTrue(Deadline.in(LIMIT).await(() -> poller.answered() >= 2));
      try (FaultProxy proxy = FaultProxy.beforeAgent(guest);
          LineSocket ours = LineSocket.connect(proxy.socket())) {
        // when somebody else has the place, then it waits in vain
        String sync = "{\"execute\":\"guest-sync\",\"arguments\":{\"id\":77}}\n";
        ours.send(sync);
        while (!ours.readLine(Deadline.in(LIMIT)).endsWith("77}")) {
          // An answer to the stranger, who left.
        }
        int before = poller.unanswered();
        assertTrue(Deadline.in(LIMIT).await(() -> poller.unanswered() > before));
      }
      // and is served again afterwards
      int answered = poller.answered();
      assertTrue(Deadline.in(LIMIT).await(() -> poller.answered() > answered));
    }
  }
}
