package dev.stillpoint.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.LineSocket;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a real monitor makes of what it cannot take. It answers each with an error and lives on, but
 * for a message that is not closed: that swallows what follows until a byte 0xFF ends it. No text
 * of QEMU's is looked at, only its class.
 */
@Timeout(60)
class MalformedInputTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String GENERIC = "GenericError";
  private static final String NOT_FOUND = "CommandNotFound";
  private static final byte[] SENTINEL = {(byte) 0xFF};

  private QemuProcess qemu;
  private LineSocket monitor;

  @BeforeEach
  void connect() throws IOException {
    qemu = QemuProcess.machineNone();
    monitor = LineSocket.connect(qemu.qmp());
    JsonNode greeting = next();
    assertTrue(greeting.has("QMP"), greeting::toString);
  }

  @AfterEach
  void close() throws IOException {
    monitor.close();
    qemu.close();
  }

  /** The next message that is no event: of a QEMU that starts, one may come before the greeting. */
  private JsonNode next() throws IOException {
    while (true) {
      JsonNode message = JSON.readTree(monitor.readLine(Deadline.in(PATIENCE)));
      if (!message.has("event")) {
        return message;
      }
    }
  }

  private JsonNode say(String line) throws IOException {
    monitor.send(line + "\n");
    return next();
  }

  private void negotiate(String capabilities) throws IOException {
    JsonNode reply =
        say(
            "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": %s}}"
                .formatted(capabilities));
    assertTrue(reply.has("return"), reply::toString);
  }

  private void assertError(String errorClass, JsonNode reply) {
    assertEquals(errorClass, reply.path("error").path("class").asText(), reply::toString);
  }

  /** The next command is answered, and by its own reply: nothing else was left behind. */
  private void assertLivesOn() throws IOException {
    JsonNode reply = say("{\"execute\": \"query-version\", \"id\": \"lives on\"}");
    assertTrue(reply.has("return"), reply::toString);
    assertEquals("lives on", reply.path("id").asText());
  }

  @Test
  void aCommandBeforeTheNegotiationIsNotFoundAndTheNegotiationGoesOn() throws IOException {
    JsonNode early = say("{\"execute\": \"query-version\", \"id\": \"early\"}");

    assertError(NOT_FOUND, early);
    assertEquals("early", early.path("id").asText());
    negotiate("[]");
    assertLivesOn();
  }

  @ParameterizedTest
  @ValueSource(strings = {"[\"nosuch\"]", "\"oob\"", "[17]", "{}", "null", "[], \"more\": 1"})
  void aNegotiationThatAsksForWhatIsNotThereIsRefusedAndCanBeMadeAgain(String capabilities)
      throws IOException {
    assertError(
        GENERIC,
        say(
            "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": "
                + capabilities
                + "}}"));

    assertError(NOT_FOUND, say("{\"execute\": \"query-version\"}"));
    negotiate("[\"oob\"]");
    assertLivesOn();
  }

  @Test
  void aSecondNegotiationIsNotFoundAndChangesNothing() throws IOException {
    negotiate("[]");

    JsonNode again =
        say(
            "{\"execute\": \"qmp_capabilities\", \"arguments\": {\"enable\": [\"oob\"]},"
                + " \"id\": 2}");

    assertError(NOT_FOUND, again);
    assertEquals(2, again.path("id").asInt());
    assertError(GENERIC, say("{\"exec-oob\": \"query-yank\"}"));
    assertLivesOn();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "17",
        "\"query-version\"",
        "true",
        "null",
        "{}",
        "{\"arguments\": {}}",
        "{\"execute\": 1}",
        "{\"execute\": null}",
        "{\"execute\": [\"query-version\"]}",
        "{\"execute\": \"query-version\", \"more\": 2}",
        "{\"execute\": \"query-version\", \"execute\": \"query-version\"}",
        "{\"execute\": \"query-version\", \"arguments\": []}",
        "{\"execute\": \"query-version\", \"arguments\": null}",
        "{\"execute\": \"query-version\", \"arguments\": \"x\"}",
        "{\"execute\": \"query-version\", \"exec-oob\": \"query-yank\"}"
      })
  void aMessageOfAnotherShapeIsRefused(String message) throws IOException {
    negotiate("[]");
    assertError(GENERIC, say(message));
    assertLivesOn();
  }

  @Test
  void anIdBesideAnUnexpectedMemberIsEchoed() throws IOException {
    negotiate("[]");
    assertEquals(
        7, say("{\"execute\": \"query-version\", \"id\": 7, \"more\": 1}").path("id").asInt());
  }

  @Test
  void aCommandThatIsNotThereIsNotFound() throws IOException {
    negotiate("[]");
    assertError(NOT_FOUND, say("{\"execute\": \"nosuch\"}"));
    assertError(NOT_FOUND, say("{\"execute\": \"\"}"));
    assertLivesOn();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          blockdev-del            | {"node-name": 1}
          blockdev-del            | {"node-name": null}
          blockdev-del            | {}
          blockdev-del            | {"node-name": "x", "more": 1}
          human-monitor-command   | {"command-line": ["x"]}
          query-named-block-nodes | {"flat": "yes"}
          query-named-block-nodes | {"flat": 1}
          block_resize            | {"node-name": "x", "size": "1"}
          block_resize            | {"node-name": "x", "size": 1.5}
          block_resize            | {"node-name": "x", "size": 1e3}
          block_resize            | {"node-name": "x", "size": 18446744073709551616}
          query-version           | {"more": 1}
          blockdev-add            | {"driver": "nosuch", "node-name": "x"}
          blockdev-add            | {"driver": ["null-co"], "node-name": "x"}
          """)
  void argumentsOfAnotherTypeAreRefused(String command, String arguments) throws IOException {
    negotiate("[]");
    JsonNode reply =
        say("{\"execute\": \"%s\", \"arguments\": %s, \"id\": 3}".formatted(command, arguments));
    assertError(GENERIC, reply);
    assertEquals(3, reply.path("id").asInt());
    assertLivesOn();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1",
        "-1",
        "1.5",
        "18446744073709551615",
        "true",
        "null",
        "\"text\"",
        "\"\"",
        "\"m\\u00e4\\u00dfig\"",
        "[1, \"a\", null]",
        "{\"a\": {\"b\": []}}"
      })
  void anIdOfAnyTypeComesBackInRepliesAndErrors(String id) throws IOException {
    negotiate("[]");
    JsonNode expected = JSON.readTree(id);
    assertEquals(expected, say("{\"execute\": \"query-version\", \"id\": " + id + "}").get("id"));
    assertEquals(expected, say("{\"execute\": \"nosuch\", \"id\": " + id + "}").get("id"));
  }

  @Test
  void anIdBeyond64BitsComesBackAsANumberThatIsRounded() throws IOException {
    negotiate("[]");
    JsonNode reply = say("{\"execute\": \"query-version\", \"id\": 18446744073709551617}");
    assertEquals(0x1p64, reply.path("id").asDouble());
    assertTrue(reply.path("id").isFloatingPointNumber());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "}",
        "]",
        "{]",
        "[}",
        "{\"a\" 1}",
        "{\"a\":}",
        "{\"a\": 1,}",
        "{,}",
        "nonsense",
        "@",
        "01",
        "\"not closed",
        "{\"execute\": \"a\\qb\"}",
        "%s"
      })
  void whatIsNotJsonIsAnsweredByOneErrorWithoutAnIdAndForgotten(String line) throws IOException {
    negotiate("[]");
    JsonNode reply = say(line);
    assertError(GENERIC, reply);
    assertTrue(reply.path("id").isMissingNode());
    assertLivesOn();
  }

  @Test
  void textThatIsNotUtf8IsRefused() throws IOException {
    negotiate("[]");
    monitor.send(new byte[] {'"', (byte) 0xC3, '(', '"', '\n'});
    assertError(GENERIC, next());
    assertLivesOn();
  }

  @Test
  void eachWordThatIsNoneIsAnsweredByItself() throws IOException {
    monitor.send("not json early\n");
    for (int word = 0; word < 3; word++) {
      assertError(GENERIC, next());
    }
    negotiate("[]");
    assertLivesOn();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"execute\": \"query-version\"", "[[[", "{\"a\": ["})
  void whatIsNotClosedSwallowsWhatFollowsUntilASentinelEndsIt(String open) throws IOException {
    negotiate("[]");
    monitor.send(open + "\n{\"execute\": \"query-version\", \"id\": \"swallowed\"}\n");
    monitor.send(SENTINEL);
    assertError(GENERIC, next());
    assertLivesOn();
  }

  @Test
  void nestingBeyondTheLimitIsRefused() throws IOException {
    negotiate("[]");
    assertError(GENERIC, say("[".repeat(1025)));
    assertLivesOn();
  }

  @Test
  void twoMessagesOnOneLineAreTwo() throws IOException {
    negotiate("[]");
    JsonNode first =
        say("{\"execute\": \"query-version\", \"id\": 1}{'execute': 'query-version', 'id': 2}");
    assertEquals(1, first.path("id").asInt());
    assertEquals(2, next().path("id").asInt());
  }

  @Test
  void outOfBandIsRefusedWhereItWasNotEnabled() throws IOException {
    negotiate("[]");
    JsonNode reply = say("{\"exec-oob\": \"query-yank\", \"id\": 1}");
    assertError(GENERIC, reply);
    assertEquals(1, reply.path("id").asInt());
    assertLivesOn();
  }

  @Test
  void outOfBandOvertakesACommandThatHangsAndThoseBehindIt() throws IOException {
    negotiate("[\"oob\"]");
    Path pipe = qemu.directory().resolve("pipe");
    HostCommand.run(qemu.directory(), List.of("mkfifo", pipe.toString()));
    // given a command that reads a pipe which nobody writes, and one behind it
    monitor.send(
        ("{\"execute\": \"blockdev-add\", \"id\": 1, \"arguments\": {\"driver\": \"blkdebug\","
                + " \"node-name\": \"slow\", \"config\": \"%s\","
                + " \"image\": {\"driver\": \"null-co\"}}}\n{\"execute\": \"query-version\","
                + " \"id\": 2}\n")
            .formatted(pipe));

    JsonNode urgent = say("{\"exec-oob\": \"query-yank\", \"id\": 3}");
    assertEquals(3, urgent.path("id").asInt());
    assertTrue(urgent.has("return"), urgent::toString);
    new FileOutputStream(pipe.toFile()).close();

    assertEquals(1, next().path("id").asInt());
    assertEquals(2, next().path("id").asInt());
    JsonNode ordinary = say("{\"exec-oob\": \"query-version\", \"id\": 4}");
    assertError(GENERIC, ordinary);
    assertEquals(4, ordinary.path("id").asInt());
    assertLivesOn();
  }

  @Test
  void aClientThatLeavesHalfAMessageDoesNotHarmTheNext() throws IOException {
    negotiate("[]");
    monitor.send("{\"execute\": \"query-version\", \"arguments\": {");
    monitor.close();

    monitor = LineSocket.connect(qemu.qmp());
    assertTrue(next().has("QMP"));
    negotiate("[]");
    assertLivesOn();
  }

  @Test
  void aMonitorEndsWithItsQemu() throws IOException {
    negotiate("[]");
    monitor.send("{\"execute\": \"quit\", \"id\": 1}\n");
    // An event may come before or after the reply; the end comes after both.
    assertThrows(
        IOException.class,
        () -> {
          while (true) {
            String line = monitor.readLine(Deadline.in(PATIENCE));
            assertTrue(line.getBytes(UTF_8).length > 0);
          }
        });
  }
}
