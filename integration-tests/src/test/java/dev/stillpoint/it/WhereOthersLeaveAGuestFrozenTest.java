package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Moment;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Five ways in which others leave a guest frozen. Here each ends thawed, with nobody's help. */
@Timeout(120)
class WhereOthersLeaveAGuestFrozenTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** The guest writes again within this time of the last fault. */
  private static final Duration RECOVERED = Duration.ofSeconds(10);

  private static final SnapshotRequest IMPATIENT =
      SnapshotRequest.named("others")
          .freezeWindow(Duration.ofSeconds(1))
          .timeout(Duration.ofSeconds(4))
          .thawBound(Duration.ofSeconds(1));

  @TempDir private Path directory;

  @Test
  void theControllerIsKilledInTheWindow() throws Exception {
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        var monitor = FaultProxy.before(guest.qmp())) {
      // The first one is the rehearsal.
      var inTheHold = monitor.arm(Moment.request("transaction").number(2), Fault.hold());
      try (var process =
          CommandLineProcess.start(
              Way.CLASS_PATH,
              directory,
              "snapshot",
              "--qmp",
              monitor.socket().toString(),
              "--qga",
              AgentSafety.require(guest).toString(),
              "--freeze-window",
              "1m",
              "--name",
              "killed")) {
        inTheHold.await(PATIENCE);

        process.kill();

        guest.awaitNextAck(RECOVERED);
      }
    }
  }

  @Test
  void theAgentIsStoppedAllTimesPassAndItResumes() {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      var asked = proxied.agentProxy.arm(Moment.request("guest-fsfreeze-freeze"), Fault.hold());
      SnapshotOperation operation = proxied.machine.engine(engine -> engine).start(IMPATIENT);
      asked.await(PATIENCE);
      proxied.guest.signalAgent("STOP");
      asked.release();
      SnapshotResult result = operation.result().toCompletableFuture().join();
      assertEquals(GuestState.MAYBE_FROZEN, result.guest(), result::toString);

      // The freeze that waited in its queue runs now, and what waited behind it.
      proxied.guest.signalAgent("CONT");

      proxied.guest.awaitNextAck(RECOVERED);
      assertFalse(proxied.guest.isFrozen("/data0"));
    }
  }

  @Test
  void theAgentIsKilledWhileTheGuestIsFrozenAndComesBackWithoutItsState() {
    try (var proxied = ProxiedMachine.withDirectAgent(GuestConfig.threeDisks())) {
      proxied.take(IMPATIENT, () -> proxied.guest.killAgent());

      proxied.guest.startAgentWithoutState();

      proxied.guest.awaitNextAck(RECOVERED);
    }
  }

  @Test
  void theReplyToTheFreezeIsLost() {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      proxied.agentProxy.arm(Moment.replyTo("guest-fsfreeze-freeze"), Fault.drop());

      SnapshotResult result = proxied.take(SnapshotRequest.named("others"));

      assertEquals(GuestState.THAWED, result.guest(), result::toString);
      proxied.guest.awaitNextAck(RECOVERED);
    }
  }

  @Test
  void theAgentIsStoppedAndNobodySetATimeout() {
    try (Machine machine = Machine.threeDisks()) {
      machine.guest.signalAgent("STOP");

      SnapshotResult result = machine.take(SnapshotRequest.named("others"));

      assertEquals(ErrorCode.AGENT_UNAVAILABLE, result.error().orElseThrow().code());
      assertEquals(GuestState.NEVER_FROZEN, result.guest());
      machine.guest.awaitNextAck(RECOVERED);
    }
  }
}
