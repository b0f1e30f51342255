package dev.stillpoint.backends.guard;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.guest.GuestQuiescer;
import dev.stillpoint.backends.guest.MonitorPauser;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.testing.IdleMethod;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.FakeQmpServer.Answer;
import dev.stillpoint.qmp.testing.Fault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A machine that is paused, and frozen or not, when its owner ends; a real guard process. */
@Timeout(90)
class PausedMachineTest {
  @TempDir private Path directory;
  private final FakeAgent agent = FakeAgent.start();
  private final FakeQmpServer monitor = FakeQmpServer.start();
  private final QmpClient qmp = QmpClient.connect(monitor.endpoint()).join();
  private final QgaClient qga = QgaClient.connect(agent.endpoint()).join();
  private final AtomicBoolean running = new AtomicBoolean(true);
  private final AtomicBoolean frozenAtCont = new AtomicBoolean();
  private final AtomicInteger refusals = new AtomicInteger();
  private volatile String standing = "paused";

  @BeforeEach
  void behaveAsQemu() {
    monitor.on("query-status").answers(none -> Answer.value(status()));
    monitor.on("query-migrate").returns("{}");
    monitor.on("stop").answers(none -> runs(false));
    monitor
        .on("cont")
        .answers(none -> {
          frozenAtCont.set(agent.guestFrozen());
          return refusals.getAndDecrement() > 0
              ? Answer.error("GenericError", "not yet")
              : runs(true);
        });
  }

  @AfterEach
  void close() {
    qga.close();
    qmp.close();
    monitor.close();
    agent.close();
  }

  private String status() {
    return running.get()
        ? "{'status': 'running', 'running': true, 'singlestep': false}"
        : "{'status': '" + standing + "', 'running': false, 'singlestep': false}";
  }

  private Answer runs(boolean run) {
    running.set(run);
    // As QEMU does: the event comes before the reply.
    monitor.event(run ? "RESUME" : "STOP", "{}");
    return Answer.value("{}");
  }

  private ArmedGuard armed(boolean freezes) throws Exception {
    return ArmedGuard.of(
        Guard.start(GuardLaunch.standard()),
        Optional.of(qmp),
        freezes ? Optional.of(qga) : Optional.empty(),
        directory);
  }

  private long conts() {
    return monitor.commands().stream().filter("cont"::equals).count();
  }

  @Test
  void itIsResumedFirstAndThawedThen() throws Exception {
    // given
    ArmedGuard guard = armed(true);
    qga.execute(new GuestFsfreezeFreeze()).join();
    running.set(false);
    // when
    guard.ownerEnds();
    // then
    guard.awaitDone("thawed");
    assertTrue(running.get());
    assertTrue(frozenAtCont.get());
    assertEquals(1, conts());
    assertFalse(agent.guestFrozen());
    assertEquals(1, monitor.peer().connections());
  }

  @Test
  void oneThatRunsIsNotContinued() throws Exception {
    // given
    ArmedGuard guard = armed(true);
    qga.execute(new GuestFsfreezeFreeze()).join();
    // when
    guard.ownerEnds();
    // then
    guard.awaitDone("thawed");
    assertEquals(0, conts());
  }

  @Test
  void oneThatStandsStillForAReasonOfItsOwnIsNotContinued() throws Exception {
    // given
    ArmedGuard guard = armed(true);
    qga.execute(new GuestFsfreezeFreeze()).join();
    running.set(false);
    standing = "io-error";
    // when
    guard.ownerEnds();
    // then
    guard.awaitDone("thawed");
    assertEquals(0, conts());
    assertFalse(running.get());
  }

  @Test
  void aContWhoseReplyIsLostIsSeenInTheStatusAndALostStatusIsAskedAgain() throws Exception {
    // given
    ArmedGuard guard = armed(false);
    running.set(false);
    monitor.fault("query-status", Fault.GARBAGE_BEFORE).fault("cont", Fault.CLOSED);
    // when
    guard.ownerEnds();
    // then: over a second connection, which is greeted anew
    guard.awaitDone("resumed");
    assertTrue(running.get());
    assertEquals(2, monitor.peer().connections());
  }

  private SnapshotResult take(Quiesce quiesce, OperationGuard guard) {
    return SnapshotCoordinator.builder()
        .method(new IdleMethod("left"))
        .method(new IdleMethod("right"))
        .pauser(new GuardedPauser(new MonitorPauser(qmp), qmp, guard))
        .quiescer(new GuardedQuiescer(new GuestQuiescer(qga, Optional.empty()), qga, guard))
        .build()
        .start(
            ArmedGuard.OPERATION,
            SnapshotRequest.named("mixed")
                .disk("a", "left")
                .disk("b", "right")
                .quiesce(quiesce)
                .timeout(Duration.ofSeconds(20))
                .thawBound(Duration.ofSeconds(1)))
        .result()
        .toCompletableFuture()
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
  }

  private static OperationGuard guard() {
    return new OperationGuard(Guards.fresh(), ArmedGuard.OPERATION, "mixed", Optional.empty());
  }

  @Test
  void anOperationThatFreezesAndPausesLeavesNoGuardBehind() {
    // given
    OperationGuard guard = guard();
    // when the freeze might have failed, so that it would not have been enough
    SnapshotResult result = take(Quiesce.PREFER, guard);
    guard.end();
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(GuestState.THAWED, result.guest());
    assertEquals(1, conts());
    assertEquals(1, agent.thaws());
    assertEquals(Optional.empty(), guard.pursuer());
    assertEquals(Optional.empty(), GuardContact.of(List.of(agent.endpoint(), monitor.endpoint())));
  }

  @Test
  void anOperationThatOnlyPausesHandsTheResumeOver() {
    // given
    refusals.set(10_000);
    OperationGuard guard = guard();
    // when
    SnapshotResult result = take(Quiesce.NEVER, guard);
    guard.end();
    // then
    assertEquals(GuestState.MAYBE_PAUSED, result.guest(), result::toString);
    assertTrue(guard.pursuer().isPresent());
    assertFalse(running.get());
    // when
    refusals.set(0);
    // then
    await().atMost(ArmedGuard.PATIENCE).until(running::get);
    assertEquals(0, agent.freezes());
    assertEquals(0, agent.thaws());
  }

  @Test
  void whatWasThawedAndNotResumedIsOnlyResumedByTheGuard() {
    // given
    refusals.set(10_000);
    OperationGuard guard = guard();
    // when
    take(Quiesce.PREFER, guard);
    guard.end();
    long thaws = agent.thaws();
    refusals.set(0);
    // then
    await().atMost(ArmedGuard.PATIENCE).until(running::get);
    await()
        .atMost(ArmedGuard.PATIENCE)
        .until(() -> GuardContact.of(List.of(agent.endpoint())).isEmpty());
    assertEquals(thaws, agent.thaws());
    assertFalse(agent.guestFrozen());
  }
}
