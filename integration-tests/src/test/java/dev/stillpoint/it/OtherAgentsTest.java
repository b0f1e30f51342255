package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import dev.stillpoint.qga.qapi.GuestFsfreezeThaw;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.UnavailableSuiteException;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.Moment;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The agents of older and newer releases, 5.2 and 11 among them: they differ in their words and in
 * what they know, and none of that decides whether a guest is let go.
 */
@Timeout(300)
class OtherAgentsTest {
  private static final SnapshotRequest REQUIRED = SnapshotRequest.named("other");

  private static ProxiedMachine machineWithAgentOf(String suite) {
    try {
      return ProxiedMachine.start(GuestConfig.threeDisks().withAgentOf(suite));
    } catch (UnavailableSuiteException e) {
      return abort("the packages of " + suite + " cannot be had here: " + e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bullseye", "trixie-backports"})
  void aGuestIsFrozenCutAndThawed(String suite) {
    try (ProxiedMachine proxied = machineWithAgentOf(suite)) {
      // given a good one
      SnapshotResult good = proxied.take(REQUIRED);
      assertEquals(Consistency.FILESYSTEM, good.consistency(), good::toString);
      proxied.machine.assertWritesOn();

      // and one mount point alone
      SnapshotResult one =
          proxied.take(SnapshotRequest.named("one").disk("vd1").mountpoints(List.of("/data1")));
      assertEquals(Consistency.FILESYSTEM, one.consistency(), one::toString);
      proxied.machine.assertWritesOn();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"bullseye", "trixie-backports"})
  void lostRepliesAreThawedAndAForeignFreezeIsLeftAlone(String suite) {
    try (ProxiedMachine proxied = machineWithAgentOf(suite)) {
      proxied.agentProxy.arm(Moment.replyTo("guest-fsfreeze-freeze"), Fault.drop());
      SnapshotResult lostFreeze = proxied.take(REQUIRED.freezeWindow(Duration.ofSeconds(2)));
      assertEquals(ErrorCode.FREEZE_FAILED, lostFreeze.error().orElseThrow().code());
      assertEquals(GuestState.THAWED, lostFreeze.guest(), lostFreeze::toString);
      proxied.machine.assertWritesOn();

      proxied.agentProxy.arm(Moment.replyTo("guest-fsfreeze-thaw"), Fault.drop());
      SnapshotResult lostThaw = proxied.take(REQUIRED);
      assertEquals(ErrorCode.FREEZE_NOT_PROVED, lostThaw.error().orElseThrow().code());
      assertEquals(GuestState.THAWED, lostThaw.guest(), lostThaw::toString);
      proxied.machine.assertNothingLeft();
      proxied.machine.assertWritesOn();

      AgentSafety.require(proxied.agentProxy.socket());
      proxied.machine.agent.execute(new GuestFsfreezeFreeze()).join();
      SnapshotResult foreign = proxied.take(REQUIRED);
      assertEquals(ErrorCode.ALREADY_FROZEN, foreign.error().orElseThrow().code());
      proxied.machine.agent.execute(new GuestFsfreezeThaw()).join();
      proxied.machine.assertWritesOn();
    }
  }
}
