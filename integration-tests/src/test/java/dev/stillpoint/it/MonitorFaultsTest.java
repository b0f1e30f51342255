package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.Moment;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What can go wrong between us and a real monitor. */
@Timeout(120)
class MonitorFaultsTest {
  @Test
  void anOverlayThatIsAttachedUnheardIsRemovedAllTheSame() {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      // given: the second overlay is attached, after its file, and nobody is told
      proxied.monitorProxy.arm(Moment.replyTo("blockdev-add").number(4), Fault.drop());
      // when
      SnapshotResult result =
          proxied.take(SnapshotRequest.named("unheard").timeout(Duration.ofSeconds(4)));
      // then
      assertEquals(Outcome.FAILED, result.outcome(), result::toString);
      assertEquals(GuestState.NEVER_FROZEN, result.guest(), result::toString);
      proxied.machine.assertNothingLeft();
      proxied.machine.assertWritesOn();
    }
  }
}
