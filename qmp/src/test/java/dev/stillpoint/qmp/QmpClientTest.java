package dev.stillpoint.qmp;

import static dev.stillpoint.qmp.testing.Failures.failure;
import static dev.stillpoint.qmp.testing.Failures.message;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.endpoint.ConnectFailedException;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.error.ProtocolException;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.qmp.qapi.QueryVersion;
import dev.stillpoint.qmp.qapi.RunState;
import dev.stillpoint.qmp.qapi.StatusInfo;
import dev.stillpoint.qmp.qapi.Stop;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.Fault;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A client and a monitor on a real socket. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class QmpClientTest {
  private static final Duration SHORT = Duration.ofMillis(200);

  private final FakeQmpServer monitor =
      FakeQmpServer.start().on("query-status").returns("{'status': 'running', 'running': true}");

  @AfterEach
  void closeMonitor() {
    monitor.close();
  }

  @Test
  void theGreetingAndTheFirstAnswer() {
    // given
    try (var client = QmpClient.connect(monitor.endpoint()).join()) {
      // when
      Timed<StatusInfo> status =
          client.executeTimed(new QueryStatus(), SHORT.multipliedBy(50)).join();
      // then
      assertEquals("7.2.22", client.greeting().version().toString());
      assertEquals(RunState.RUNNING, status.value().status());
      assertTrue(status.receivedNanos() > status.sentNanos());
      assertEquals(List.of("qmp_capabilities", "query-status"), monitor.commands());
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Fault.class,
      names = {"SPLIT", "TWICE"})
  void aReplyThatIsOddButWholeIsAReplyAndTheNextOneIsNotMistaken(Fault fault) {
    // given
    monitor.fault("query-status", fault).on("query-version").returns(VERSION);
    try (var client = QmpClient.connect(monitor.endpoint()).join()) {
      // when
      StatusInfo status = client.execute(new QueryStatus()).join();
      // then
      assertEquals(RunState.RUNNING, status.status());
      assertEquals(9, client.execute(new QueryVersion()).join().qemu().major());
    }
  }

  private static final String VERSION =
      "{'qemu': {'major': 9, 'minor': 1, 'micro': 0}, 'package': 'x'}";

  @Test
  void aLateReplyIsDroppedAndCountedAndTheNextCommandGetsItsOwn() {
    // given a monitor that answers the first command late
    monitor.fault("query-status", Fault.HELD).on("query-version").returns(VERSION);
    try (var client = QmpClient.connect(monitor.endpoint()).join()) {
      failure(CommandException.MayHaveRun.class, client.execute(new QueryStatus(), SHORT));
      // when
      monitor.peer().releaseReplies();
      var version = client.execute(new QueryVersion()).join();
      // then
      assertEquals(9, version.qemu().major());
      assertEquals(1, client.lateReplies());
    }
  }

  @Test
  void anErrorKeepsItsClassItsTextAndTheCommand() {
    // given
    monitor.on("stop").fails("GenericError", "no");
    try (var client = QmpClient.connect(monitor.endpoint()).join()) {
      // when
      var refused = failure(CommandException.Refused.class, client.execute(new Stop()));
      // then
      assertEquals(
          List.of("stop", "GenericError", "no"),
          List.of(refused.command(), refused.errorClass(), refused.description()));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"['running']", "null", "7"})
  void aReplyOfAnotherShapeIsNoSuccessAndNoSurprise(String json) {
    // given
    monitor.on("query-status").returns(json);
    try (var client = QmpClient.connect(monitor.endpoint()).join()) {
      // when
      failure(CommandException.MayHaveRun.class, client.execute(new QueryStatus()));
    }
  }

  @Test
  void theEndOfTheConnectionFailsEveryWaiterAndIsTold() {
    // given two commands without an answer
    monitor.fault("query-status", Fault.LOST).fault("query-status", Fault.CLOSED);
    var client = QmpClient.connect(monitor.endpoint()).join();
    var events = client.events(event -> {});
    // when
    var one = client.execute(new QueryStatus());
    var two = client.execute(new QueryStatus());
    // then
    failure(CommandException.MayHaveRun.class, one);
    failure(CommandException.MayHaveRun.class, two);
    client.closed().toCompletableFuture().join();
    events.ended().toCompletableFuture().join();
    assertFalse(client.isOpen());
    failure(CommandException.NotSent.class, client.execute(new QueryStatus()));
    client.events(event -> {}).ended().toCompletableFuture().join();
  }

  @Test
  void eventsAreToldInOrderAndAreNoReplies() {
    // given
    List<String> told = new CopyOnWriteArrayList<>();
    monitor
        .on("stop")
        .answers(arguments -> {
          monitor.event("STOP", "{'a': 1}");
          monitor.event("RESUME", "{}");
          return FakeQmpServer.Answer.value("{}");
        });
    try (var client = QmpClient.connect(monitor.endpoint()).join()) {
      var unused = client.events(event -> told.add(event.name()));
      // when
      client.execute(new Stop()).join();
      // then
      await().until(() -> told.equals(List.of("STOP", "RESUME")));
    }
  }

  @Test
  void noCallerRunsOnTheEventLoop() {
    // given
    var endpoint = Endpoint.unix(Path.of("/nonexistent/stillpoint.sock"));
    // when
    var thread =
        QmpClient.connect(endpoint)
            .handle((client, failure) -> Thread.currentThread().getName())
            .join();
    // then
    assertFalse(thread.startsWith("stillpoint-unix"), thread);
    failure(ConnectFailedException.class, QmpClient.connect(endpoint));
  }

  @Test
  void aSilentMonitorMayBeHeldByAnotherClient() {
    // given a client that holds the monitor
    try (var holder = QmpClient.connect(monitor.endpoint()).join()) {
      assertTrue(holder.isOpen());
      // when
      var failure =
          failure(
              ProtocolException.class,
              QmpClient.connect(
                  monitor.endpoint(), QmpOptions.defaults().withConnectTimeout(SHORT)));
      // then
      assertTrue(message(failure).startsWith(monitor.endpoint() + ": "), message(failure));
      assertTrue(message(failure).contains("another client holds it"), message(failure));
    }
  }
}
