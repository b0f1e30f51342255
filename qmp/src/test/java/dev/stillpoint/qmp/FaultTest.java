package dev.stillpoint.qmp;

import static dev.stillpoint.qmp.testing.Failures.failure;
import static dev.stillpoint.qmp.testing.Failures.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.error.ProtocolException;
import dev.stillpoint.qmp.qapi.QueryName;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.qmp.qapi.RunState;
import dev.stillpoint.qmp.qapi.StatusInfo;
import dev.stillpoint.qmp.testing.FakePeer;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.Fault;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each fault of the fake does to a reply what it says, as a real client sees it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FaultTest {
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final Duration LONG = Duration.ofSeconds(40);

  private final FakeQmpServer monitor =
      FakeQmpServer.start()
          .on("query-status")
          .returns("{'status': 'running', 'running': true}")
          .on("query-name")
          .returns("{'name': 'n'}");
  private final QmpClient client = QmpClient.connect(monitor.endpoint()).join();

  @AfterEach
  void close() {
    client.close();
    monitor.close();
  }

  private void assertLivesOn() {
    assertEquals("n", client.execute(new QueryName()).join().name());
    assertTrue(client.isOpen());
  }

  @Test
  void lostIsATimeout() {
    monitor.fault("query-status", Fault.LOST);

    failure(CommandException.MayHaveRun.class, client.execute(new QueryStatus(), SHORT));

    assertLivesOn();
    assertEquals(0, client.lateReplies());
  }

  @Test
  void heldIsLateAndCounted() {
    monitor.fault("query-status", Fault.HELD);

    failure(CommandException.MayHaveRun.class, client.execute(new QueryStatus(), SHORT));
    assertEquals(1, monitor.peer().heldReplies());
    monitor.peer().releaseReplies();

    assertLivesOn();
    assertEquals(1, client.lateReplies());
  }

  @Test
  void swappedIsOvertakenByTheNext() {
    monitor.fault("query-status", Fault.SWAPPED);

    var status = client.executeTimed(new QueryStatus(), LONG);
    var name = client.executeTimed(new QueryName(), LONG);

    assertEquals("n", name.join().value().name());
    assertEquals(RunState.RUNNING, status.join().value().status());
    assertTrue(status.join().receivedNanos() > name.join().receivedNanos());
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"SPLIT", "TWICE"})
  void splitAndTwiceAreReplies(Fault fault) {
    monitor.fault("query-status", fault);

    assertEquals(RunState.RUNNING, client.execute(new QueryStatus()).join().status());

    assertLivesOn();
  }

  @Test
  void slowIsAReplyThatTakesItsTime() {
    monitor.fault("query-status", Fault.SLOW);
    int bytes = "{\"return\":{\"status\":\"running\",\"running\":true},\"id\":1}".length();

    Timed<StatusInfo> status = client.executeTimed(new QueryStatus(), LONG).join();

    Duration took = Duration.ofNanos(status.receivedNanos() - status.sentNanos());
    assertTrue(took.compareTo(FakePeer.PACE.multipliedBy(bytes)) >= 0, took::toString);
    assertLivesOn();
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"GARBAGE_BEFORE", "OVERSIZED", "CUT_OFF", "CLOSED"})
  void theOthersEndTheConnectionAndFailEveryWaiter(Fault fault) {
    monitor.fault("query-status", Fault.LOST).fault("query-status", fault);

    var lost = client.execute(new QueryStatus(), LONG);
    var status = client.execute(new QueryStatus(), LONG);

    failure(CommandException.MayHaveRun.class, status);
    failure(CommandException.MayHaveRun.class, lost);
    client.closed().toCompletableFuture().join();
    assertFalse(client.isOpen());
    failure(CommandException.NotSent.class, client.execute(new QueryName()));
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"GARBAGE_BEFORE", "OVERSIZED", "CUT_OFF", "CLOSED"})
  void theNegotiationHasFaultsToo(Fault fault) {
    monitor.fault("qmp_capabilities", fault);
    client.close();

    var failed = failure(ProtocolException.class, QmpClient.connect(monitor.endpoint()));

    assertTrue(message(failed).startsWith(monitor.endpoint() + ": "), message(failed));
    try (QmpClient next = QmpClient.connect(monitor.endpoint()).join()) {
      assertEquals("n", Objects.requireNonNull(next.execute(new QueryName()).join().name()));
    }
  }
}
