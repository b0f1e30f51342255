package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.LateCut;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Side;
import dev.stillpoint.testkit.proxy.Trap;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A cut that is not confirmed while the guest is held: the guest is let go all the same, and then
 * it is found out what became of the disks. A timeout is not an outcome.
 */
@Timeout(180)
class LateCutTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final SnapshotRequest HASTY =
      SnapshotRequest.named("late").freezeWindow(Duration.ofSeconds(2));

  @ParameterizedTest
  @EnumSource
  void theReplyToTheCutComesAfterTheWindow(LateCut policy) throws Exception {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      // The first one is the rehearsal.
      Trap reply = arm(proxied, Moment.replyTo("transaction"), Fault.hold());

      SnapshotResult result = released(proxied, HASTY.lateCut(policy), reply);

      assertUndoneOrAdopted(proxied, result, policy);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theCutItselfComesWhenTheGuestIsThawed(LateCut policy) throws Exception {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      Trap request = arm(proxied, Moment.request("transaction"), Fault.hold());

      SnapshotResult result = released(proxied, HASTY.lateCut(policy), request);

      assertUndoneOrAdopted(proxied, result, policy);
    }
  }

  @ParameterizedTest
  @EnumSource
  void theReplyToTheCutIsLost(LateCut policy) {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      arm(proxied, Moment.replyTo("transaction"), Fault.drop());

      SnapshotResult result = proxied.take(HASTY.timeout(Duration.ofSeconds(8)).lateCut(policy));

      assertUndoneOrAdopted(proxied, result, policy);
    }
  }

  @Test
  void theConnectionEndsInTheCutAndWhatWasSeenIsTold() {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      arm(proxied, Moment.request("transaction"), Fault.forwardThenCut(Side.BOTH));

      SnapshotResult result = proxied.take(HASTY);

      assertEquals(Outcome.UNKNOWN, result.outcome(), result::toString);
      assertEquals(GuestState.THAWED, result.guest(), result::toString);
      assertEquals(3, result.disks().size(), result::toString);
      assertTrue(result.warnings().toString().contains("overlays are kept"), result::toString);
      proxied.guest.awaitNextAck(PATIENCE);
    }
  }

  private static Trap arm(ProxiedMachine proxied, Moment cut, Fault fault) {
    return proxied.monitorProxy.arm(cut.number(2), fault);
  }

  /** The result of a snapshot whose cut goes on only once the guest was thawed. */
  private static SnapshotResult released(ProxiedMachine proxied, SnapshotRequest request, Trap cut)
      throws InterruptedException {
    var settling = new CountDownLatch(1);
    SnapshotOperation operation =
        proxied
            .machine
            .engine(engine ->
                engine.listener(state -> {
                  if (state.equals("settling")) {
                    settling.countDown();
                  }
                }))
            .start(request);
    assertTrue(settling.await(PATIENCE.toSeconds(), TimeUnit.SECONDS), "it does not settle");
    assertFalse(proxied.guest.isFrozen("/data0"));
    cut.release();
    return operation.result().toCompletableFuture().join();
  }

  private static void assertUndoneOrAdopted(
      ProxiedMachine proxied, SnapshotResult result, LateCut policy) {
    assertEquals(GuestState.THAWED, result.guest(), result::toString);
    switch (policy) {
      case UNDO -> {
        assertEquals(Outcome.FAILED, result.outcome(), result::toString);
        assertEquals(ErrorCode.WINDOW_EXCEEDED, result.error().orElseThrow().code());
        proxied.machine.assertNothingLeft();
      }
      case ADOPT -> {
        assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
        assertEquals(Consistency.CRASH, result.consistency(), result::toString);
        assertEquals(3, result.disks().size(), result::toString);
      }
    }
    proxied.machine.assertWritesOn();
  }
}
