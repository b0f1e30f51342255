package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.QgaOptions;
import dev.stillpoint.qga.qapi.GuestFsfreezeThaw;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.LineSocket;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.ForeignPoller;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Side;
import dev.stillpoint.testkit.proxy.Trap;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What can go wrong between us and a real agent: none of it ends with a frozen guest, and the
 * result says what it was.
 */
@Timeout(180)
class AgentFaultsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String FREEZE = "guest-fsfreeze-freeze";
  private static final String STATE_FILE = "/run/qga.state.isfrozen";

  private static final SnapshotRequest REQUIRED = SnapshotRequest.named("fault");

  /** For freezes that are never answered: the window is what is waited for. */
  private static final SnapshotRequest IMPATIENT = REQUIRED.freezeWindow(Duration.ofSeconds(2));

  private static void assertFrozenWell(SnapshotResult result) {
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
    assertEquals(GuestState.THAWED, result.guest(), result::toString);
  }

  /** It failed, said why, let the guest go, and left nothing behind. */
  private static void assertFailedSafely(
      Machine machine, SnapshotResult result, ErrorCode code, String told) {
    assertEquals(Outcome.FAILED, result.outcome(), result::toString);
    assertEquals(code, result.error().orElseThrow().code(), result::toString);
    assertTrue(result.toString().contains(told), result::toString);
    assertEquals(GuestState.THAWED, result.guest(), result::toString);
    machine.assertNothingLeft();
  }

  @Test
  void garbageAndAStaleReplyInThePipeAreDropped() {
    String stale = "garbage\n{\"return\": 3}\n{\"return\": \"frozen\"}\n";
    try (var proxied =
        ProxiedMachine.start(
            GuestConfig.threeDisks(),
            proxy -> proxy.arm(Moment.connected(), Fault.precede(stale)))) {

      SnapshotResult result = proxied.take(REQUIRED);

      assertFrozenWell(result);
      proxied.machine.assertWritesOn();
    }
  }

  @Test
  void halfACommandOfAnEarlierClientIsEnded() throws IOException {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      proxied.machine.agent.close();
      proxied.machine.agent.closed().toCompletableFuture().join();
      try (var earlier = LineSocket.connect(proxied.guest.agent())) {
        earlier.send("{\"execute\":\"guest-ping\",\"argum");
      }
      try (Machine fresh = fresh(proxied)) {

        SnapshotResult result = fresh.take(REQUIRED);

        assertFrozenWell(result);
        fresh.assertWritesOn();
      }
    }
  }

  /** Other clients on the same guest; the guest goes with the proxied one. */
  private static Machine fresh(ProxiedMachine proxied) {
    return Machine.on(proxied.guest, proxied.guest.observer(), proxied.guest.agent());
  }

  @Test
  void aGuestThatAGhostHasFrozenIsRefusedAndStaysAsItIs() throws IOException {
    try (Machine machine = Machine.threeDisks()) {
      // Our own connection is the one that is served; the ghost asks behind it, and leaves.
      Path agent = AgentSafety.require(machine.guest);
      try (var ghost = LineSocket.connect(agent)) {
        ghost.send("{\"execute\":\"" + FREEZE + "\"}\n");
      }
      machine.agent.close();
      try (QgaClient next = connected(agent)) {

        SnapshotResult result =
            machine.take(REQUIRED.quiesce(Quiesce.PREFER), engine -> engine.agent(next));

        assertEquals(ErrorCode.ALREADY_FROZEN, result.error().orElseThrow().code());
        assertTrue(next.execute(new GuestFsfreezeThaw()).join() > 0);
        machine.guest.awaitNextAck(PATIENCE);
      }
    }
  }

  /** The agent may first have to work off what was queued. */
  private static QgaClient connected(Path agent) {
    var options = QgaOptions.defaults().withConnectTimeout(PATIENCE);
    return QgaClient.connect(Endpoint.unix(agent), options).join();
  }

  @Test
  void aLostReplyToTheFreezeIsThawedAndFails() {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      proxied.agentProxy.arm(Moment.replyTo(FREEZE), Fault.drop());

      SnapshotResult result = proxied.take(IMPATIENT);

      assertFailedSafely(proxied.machine, result, ErrorCode.FREEZE_FAILED, "did not freeze");
      proxied.machine.assertWritesOn();
    }
  }

  @Test
  void aLostReplyToTheFreezeIsACrashWherePreferred() {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      proxied.agentProxy.arm(Moment.replyTo(FREEZE), Fault.drop());

      SnapshotResult result = proxied.take(IMPATIENT.quiesce(Quiesce.PREFER));

      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(Consistency.CRASH, result.consistency(), result::toString);
      assertEquals(GuestState.THAWED, result.guest(), result::toString);
      proxied.machine.assertWritesOn();
    }
  }

  @Test
  void aReplyToTheFreezeThatComesTooLateIsNotTakenForAnother() {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      Trap late = proxied.agentProxy.arm(Moment.replyTo(FREEZE), Fault.hold());
      SnapshotOperation operation = proxied.machine.engine(builder -> builder).start(IMPATIENT);
      late.await(PATIENCE);
      Trap inStepAgain =
          proxied.agentProxy.arm(Moment.request("guest-sync-delimited"), Fault.none());
      inStepAgain.await(PATIENCE);

      late.release();
      SnapshotResult result = operation.result().toCompletableFuture().join();

      assertFailedSafely(proxied.machine, result, ErrorCode.FREEZE_FAILED, "window");
      proxied.machine.assertWritesOn();
    }
  }

  @Test
  void aLostReplyToTheThawIsThawedAgainAndTheCutUndone() {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      proxied.agentProxy.arm(Moment.replyTo("guest-fsfreeze-thaw"), Fault.drop());

      SnapshotResult result = proxied.take(REQUIRED);

      assertFailedSafely(
          proxied.machine, result, ErrorCode.FREEZE_NOT_PROVED, "not shown to have held");
      proxied.machine.assertWritesOn();
    }
  }

  @Test
  void aLostReplyToTheThawIsACrashWherePreferred() {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      proxied.agentProxy.arm(Moment.replyTo("guest-fsfreeze-thaw"), Fault.drop());

      SnapshotResult result = proxied.take(REQUIRED.quiesce(Quiesce.PREFER));

      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(Consistency.CRASH, result.consistency(), result::toString);
      assertTrue(result.reasons().toString().contains("thaw was lost"), result::toString);
      proxied.machine.assertWritesOn();
    }
  }

  @Test
  void aConnectionThatIsCutWhileTheGuestIsFrozenIsMadeAgain() {
    try (var proxied = ProxiedMachine.start(GuestConfig.threeDisks())) {
      proxied.agentProxy.arm(Moment.replyTo(FREEZE), Fault.forwardThenCut(Side.BOTH));

      SnapshotResult result = proxied.take(REQUIRED);

      assertFailedSafely(
          proxied.machine, result, ErrorCode.FREEZE_NOT_PROVED, "not shown to have held");
      proxied.guest.awaitNextAck(PATIENCE);
    }
  }

  @Test
  void aForeignPollerDoesNotGetBetweenUsAndTheAgent() {
    try (Machine machine = Machine.threeDisks();
        var poller = ForeignPoller.on(machine.guest.agent(), Duration.ofMillis(200))) {
      // Once it has waited and left in vain a few times, the queue is full and it waits for ever.
      poller.awaitRounds(1, PATIENCE);
      for (int i = 0; i < 3; i++) {
        SnapshotResult result = machine.take(SnapshotRequest.named("polled" + i));

        assertFrozenWell(result);
        machine.assertWritesOn();
      }
    }
  }

  @Test
  void aPlaceBehindAPollerIsWaitedFor() {
    try (Machine machine = Machine.threeDisks()) {
      machine.agent.close();
      try (var poller = ForeignPoller.on(machine.guest.agent(), Duration.ofSeconds(2))) {
        poller.awaitRounds(2, PATIENCE);
        try (QgaClient next = connected(AgentSafety.require(machine.guest))) {

          SnapshotResult result = machine.take(REQUIRED, engine -> engine.agent(next));

          assertFrozenWell(result);
          machine.guest.awaitNextAck(PATIENCE);
        }
      }
    }
  }

  @Test
  void aStrangerWhoHoldsTheAgentIsToldAsOne() {
    try (Machine machine = Machine.threeDisks()) {
      var hasty = QgaOptions.defaults().withConnectTimeout(Duration.ofMillis(500));

      var failed =
          assertThrows(
              CompletionException.class,
              () -> QgaClient.connect(Endpoint.unix(machine.guest.agent()), hasty).join());

      assertTrue(
          String.valueOf(failed.getMessage()).contains("another client is connected"),
          failed::toString);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anAgentThatIsReplacedWhileTheGuestIsFrozenThaws(boolean withStateFile) {
    try (var proxied = ProxiedMachine.withDirectAgent(GuestConfig.threeDisks())) {

      SnapshotResult result =
          proxied.take(
              REQUIRED.freezeWindow(Duration.ofSeconds(20)),
              () -> {
                proxied.guest.signalAgent("KILL");
                if (!withStateFile) {
                  proxied.guest.shell("rm " + STATE_FILE);
                }
                proxied.guest.startAgent();
              });

      // The kernel held the freeze, and the new agent thawed as many as the old one had frozen.
      assertFrozenWell(result);
      proxied.machine.assertWritesOn();
    }
  }

  @Test
  void anAgentThatDiesWhileTheGuestIsFrozenIsLeftToTheGuardWhichThawsWhenItReturns() {
    try (var proxied = ProxiedMachine.withDirectAgent(GuestConfig.threeDisks())) {

      SnapshotResult result =
          proxied.take(
              REQUIRED.timeout(Duration.ofSeconds(6)).thawBound(Duration.ofSeconds(2)),
              () -> proxied.guest.signalAgent("KILL"));

      assertEquals(GuestState.MAYBE_FROZEN, result.guest(), result::toString);
      assertEquals(ErrorCode.THAW_NOT_PROVED, result.error().orElseThrow().code());
      proxied.guest.startAgent();
      proxied.guest.awaitNextAck(PATIENCE);
    }
  }

  @Test
  void anAgentThatIsNotThereIsKnownAtOnce() {
    try (Machine machine = Machine.threeDisks()) {
      machine.guest.signalAgent("KILL");

      SnapshotResult result = machine.take(REQUIRED);

      assertEquals(ErrorCode.AGENT_UNAVAILABLE, result.error().orElseThrow().code());
      assertTrue(result.error().orElseThrow().message().contains("port"), result::toString);
      assertEquals(GuestState.NEVER_FROZEN, result.guest());
      machine.assertNothingLeft();
    }
  }
}
