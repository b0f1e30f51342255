package dev.stillpoint.backends.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import dev.stillpoint.qga.testing.FakeAgent;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a guard owes, and in which order it is paid. */
@Timeout(60)
class MachineDebtTest {
  @Test
  void aMonitorThatNoGuardCanReachDoesNotKeepTheThawFromBeingTried() throws Exception {
    try (FakeAgent agent = FakeAgent.start()) {
      // given
      try (QgaClient client = QgaClient.connect(agent.endpoint()).join()) {
        client.execute(new GuestFsfreezeFreeze()).join();
      }
      var debt =
          new MachineDebt(
              Optional.empty(),
              Optional.of(new GuardedMonitor(new GuardedLine("exec:true", Optional.empty()))),
              Optional.of(
                  new GuardedAgent(
                      new GuardedLine(agent.endpoint().toString(), Optional.empty()))));
      // when
      assertThrows(IOException.class, () -> debt.pay(Duration.ofSeconds(20), () -> false));
      // then
      assertFalse(agent.guestFrozen());
      assertEquals("resume", debt.owed());
    }
  }
}
