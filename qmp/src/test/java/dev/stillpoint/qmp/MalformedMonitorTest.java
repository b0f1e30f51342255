package dev.stillpoint.qmp;

import static dev.stillpoint.qmp.testing.Failures.failure;
import static dev.stillpoint.qmp.testing.Failures.message;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.error.CommandException.MayHaveRun;
import dev.stillpoint.qmp.error.CommandException.NotSent;
import dev.stillpoint.qmp.error.CommandException.Refused;
import dev.stillpoint.qmp.error.ProtocolException;
import dev.stillpoint.qmp.qapi.QueryName;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.Fault;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a client makes of a monitor that does not speak as it must. What cannot be read as a message
 * ends the connection, since nothing behind it can be trusted. What is a message lives on: an
 * answer to nobody is passed over, and its command times out.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MalformedMonitorTest {
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final Duration LONG = Duration.ofSeconds(40);

  private final FakeQmpServer monitor =
      FakeQmpServer.start().on("query-name").returns("{'name': 'n'}");

  @AfterEach
  void close() {
    monitor.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "17",
        "'text'",
        "null",
        "{}",
        "{'hello': 1}",
        "{'QMP': 7}",
        "{'QMP': {}}",
        "{'QMP': {'version': '7.2'}}",
        "{'QMP': {'version': {'qemu': {'major': 'seven'}}}}",
        "{",
        "}",
        "{'QMP': }",
        "{'QMP': {}} {'QMP': {}}",
        "220 mail ready",
        "\u0000\u0001\u0002",
        "{'QMP': '\u0001'}"
      })
  void whatIsNoGreetingIsNoMonitorAtOnce(String line) {
    // given
    monitor.opensWith(line + "\n");
    // when
    var failed =
        failure(
            ProtocolException.class,
            QmpClient.connect(monitor.endpoint(), QmpOptions.defaults().withConnectTimeout(LONG)));
    // then
    assertFalse(message(failed).contains("no greeting came"), message(failed));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "\n", "{'QMP': ", "{'return': {}}\n", "{'event': 'STOP'}\n"})
  void noGreetingEndsAtTheConnectTimeout(String opening) {
    // given
    monitor.opensWith(opening);
    // when
    var failed =
        failure(
            ProtocolException.class,
            QmpClient.connect(monitor.endpoint(), QmpOptions.defaults().withConnectTimeout(SHORT)));
    // then
    assertTrue(message(failed).contains("no greeting came"), message(failed));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'error': {'class': 'GenericError', 'desc': 'no'}, 'id': $ID}",
        "{'error': 7, 'id': $ID}",
        "[]",
        "nonsense",
        "{'return': {}, 'id': $ID} {}"
      })
  void aNegotiationThatFailsIsAFailedConnect(String reply) {
    // given
    monitor.on("qmp_capabilities").says(reply);
    // when
    failure(
        ProtocolException.class,
        QmpClient.connect(monitor.endpoint(), QmpOptions.defaults().withConnectTimeout(LONG)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "17",
        "'text'",
        "null",
        "{}",
        "{'id': $ID}",
        "}",
        "{]",
        "{'return' {}}",
        "{'return': {}, 'id': $ID,}",
        "{'return': {}, 'id': $ID",
        "{'return': {}, 'id': $ID} {'return': {}, 'id': $ID}",
        "{'return': 01, 'id': $ID}",
        "nonsense",
        "@",
        "{'return': '\\q', 'id': $ID}",
        "{'return': '\u0001', 'id': $ID}"
      })
  void whatIsNoMessageEndsTheConnectionAndAllThatWait(String reply) {
    // given
    monitor.on("query-status").says(reply);
    var client = QmpClient.connect(monitor.endpoint()).join();
    // when
    var status = client.execute(new QueryStatus(), LONG);
    // then
    failure(MayHaveRun.class, status);
    client.closed().toCompletableFuture().join();
    failure(NotSent.class, client.execute(new QueryName()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'return': {}}",
        "{'return': {}, 'id': 'text'}",
        "{'return': {}, 'id': null}",
        "{'return': {}, 'id': true}",
        "{'return': {}, 'id': [$ID]}",
        "{'return': {}, 'id': {'id': $ID}}",
        "{'return': {}, 'id': $ID.0}",
        "{'return': {}, 'id': -$ID}",
        "{'return': {}, 'id': 99999999999999999999}",
        "{'error': {'class': 'GenericError', 'desc': 'JSON parse error'}}",
        "{'event': 'STOP', 'id': $ID}",
        "{'QMP': {}}",
        "{'event': 7, 'data': [], 'timestamp': 'now'}"
      })
  void aMessageForNobodyLeavesTheCommandWithoutAReply(String reply) {
    // given
    monitor.on("query-status").says(reply);
    try (var client = QmpClient.connect(monitor.endpoint()).join()) {
      // when
      failure(MayHaveRun.class, client.execute(new QueryStatus(), SHORT));
      // then
      assertEquals("n", client.execute(new QueryName()).join().name());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'return': [], 'id': $ID}",
        "{'return': null, 'id': $ID}",
        "{'return': 'running', 'id': $ID}",
        "{'return': {'status': [], 'running': true}, 'id': $ID}",
        "{'return': {'status': 'running', 'running': {}}, 'id': $ID}"
      })
  void aValueOfAnotherShapeMayHaveRun(String reply) {
    // given
    monitor.on("query-status").says(reply);
    try (var client = QmpClient.connect(monitor.endpoint()).join()) {
      // when
      failure(MayHaveRun.class, client.execute(new QueryStatus(), LONG));
      // then
      assertEquals("n", client.execute(new QueryName()).join().name());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'error': {}, 'id': $ID}",
        "{'error': 7, 'id': $ID}",
        "{'error': null, 'id': $ID}",
        "{'error': {'class': 1, 'desc': []}, 'id': $ID}",
        "{'error': {'class': 'New', 'desc': 'x', 'more': 1}, 'return': {}, 'id': $ID}"
      })
  void anErrorOfAnotherShapeIsARefusal(String reply) {
    // given
    monitor.on("query-status").says(reply);
    try (var client = QmpClient.connect(monitor.endpoint()).join()) {
      // when
      failure(Refused.class, client.execute(new QueryStatus(), LONG));
      // then
      assertEquals("n", client.execute(new QueryName()).join().name());
    }
  }

  /** As of a real QEMU that is connected to while it sets its monitor up. */
  @Test
  void oneThatGreetsTwiceAtOnceIsConnectedToAnew() {
    // given
    monitor.greetsTwice(1);
    // when
    try (var client = QmpClient.connect(monitor.endpoint()).join()) {
      // then
      assertEquals("n", client.execute(new QueryName()).join().name());
    }
  }

  @Test
  void oneThatGreetsTwiceEachTimeIsGivenUp() {
    // given
    monitor.greetsTwice(3);
    // when
    var failed = failure(ProtocolException.class, QmpClient.connect(monitor.endpoint()));
    // then
    assertTrue(message(failed).contains("greeted twice"), message(failed));
  }

  /** It is back before the negotiation, and would refuse every command from now on. */
  @Test
  void aLaterGreetingEndsTheConnection() {
    // given
    monitor.on("query-status").returns("{}").fault("query-status", Fault.LOST);
    try (var client = QmpClient.connect(monitor.endpoint()).join()) {
      var asked = client.execute(new QueryStatus(), LONG);
      await().until(() -> monitor.commands().contains("query-status"));
      // when
      monitor.peer().send(SessionOnAClock.GREETING.getBytes(UTF_8));
      // then
      assertTrue(message(failure(MayHaveRun.class, asked)).contains("greeted twice"));
      failure(NotSent.class, client.execute(new QueryName()));
    }
  }
}
