package dev.stillpoint.backends.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.FakeQmpServer.Answer;
import dev.stillpoint.qmp.testing.Fault;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A machine is paused, and its monitor's connection ends. */
@Timeout(30)
class MonitorPauserTest {
  private final FakeQmpServer monitor = FakeQmpServer.start();
  private final QmpClient qmp = QmpClient.connect(monitor.endpoint()).join();
  private final MonitorPauser pauser = new MonitorPauser(qmp);
  private final AtomicBoolean running = new AtomicBoolean(true);

  @BeforeEach
  void behaveAsQemu() {
    monitor.on("query-status").answers(none -> Answer.value(status()));
    monitor.on("stop").answers(none -> runs(false));
    monitor.on("cont").answers(none -> runs(true));
  }

  @AfterEach
  void close() {
    qmp.close();
    monitor.close();
  }

  private String status() {
    return running.get()
        ? "{'status': 'running', 'running': true, 'singlestep': false}"
        : "{'status': 'paused', 'running': false, 'singlestep': false}";
  }

  private Answer runs(boolean run) {
    running.set(run);
    return Answer.value("{}");
  }

  private static Deadline soon() {
    return Deadline.after(Duration.ofSeconds(10));
  }

  private void pauseAndLoseTheConnection() {
    monitor.fault("query-status", Fault.CLOSED);
    var pause = pauser.pause(soon()).toCompletableFuture();
    assertThrows(CompletionException.class, pause::join);
    assertFalse(running.get());
  }

  @Test
  void oneThatStoodStillAllTheTimeLeavesNoDoubt() {
    // when
    pauser.pause(soon()).toCompletableFuture().join();
    pauser.resume(soon()).toCompletableFuture().join();
    // then
    assertTrue(running.get());
    assertEquals(Optional.empty(), pauser.doubt());
  }

  @Test
  void whoResumesItMeanwhileIsNoticed() {
    // given
    pauser.pause(soon()).toCompletableFuture().join();
    // when
    running.set(true);
    pauser.resume(soon()).toCompletableFuture().join();
    // then
    assertEquals(
        Optional.of("somebody else resumed the machine before it was to be resumed"),
        pauser.doubt());
  }

  @Test
  void aResumeThatIsRepeatedTakesItsOwnForNobodyElses() {
    // given
    pauser.pause(soon()).toCompletableFuture().join();
    pauser.resume(soon()).toCompletableFuture().join();
    // when
    pauser.resume(soon()).toCompletableFuture().join();
    // then
    assertEquals(Optional.empty(), pauser.doubt());
  }

  @Test
  void theNextPauseIsNotDoubtedForTheLast() {
    // given
    pauser.pause(soon()).toCompletableFuture().join();
    running.set(true);
    pauser.resume(soon()).toCompletableFuture().join();
    // when
    pauser.pause(soon()).toCompletableFuture().join();
    // then
    assertEquals(Optional.empty(), pauser.doubt());
  }

  @Test
  void itIsResumedOverAnotherConnection() {
    // given
    pauseAndLoseTheConnection();
    // when
    pauser.resume(soon()).toCompletableFuture().join();
    // then
    assertTrue(running.get());
    assertEquals(2, monitor.peer().connections());
  }

  @Test
  void asOftenAsItTakes() {
    // given
    pauseAndLoseTheConnection();
    monitor.fault("cont", Fault.CLOSED);
    var first = pauser.resume(soon()).toCompletableFuture();
    assertThrows(CompletionException.class, first::join);
    // when
    pauser.resume(soon()).toCompletableFuture().join();
    // then
    assertTrue(running.get());
    assertEquals(3, monitor.peer().connections());
  }
}
