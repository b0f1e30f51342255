package dev.stillpoint.qga;

import static dev.stillpoint.qmp.testing.Failures.failure;
import static dev.stillpoint.qmp.testing.Failures.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import dev.stillpoint.qga.command.Bytes;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.testing.Fault;
import dev.stillpoint.qmp.wire.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole files through an agent that holds one file in this process. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GuestFilesTest {
  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final long HANDLE = 1000;

  private final FakeAgent agent = FakeAgent.start();
  private final ByteArrayOutputStream file = new ByteArrayOutputStream();
  private int position;
  private int taken = Integer.MAX_VALUE;
  private QgaClient client = client();

  private QgaClient client() {
    agent
        .guest()
        .answers("guest-file-open", this::open)
        .answers("guest-file-close", arguments -> Json.object())
        .answers("guest-file-read", this::read)
        .answers("guest-file-write", this::write);
    return QgaClient.connect(agent.endpoint()).join();
  }

  @AfterEach
  void closeBoth() {
    client.close();
    agent.close();
  }

  private JsonNode open(JsonNode arguments) {
    if (arguments.path("path").asText().equals("/absent")) {
      throw new IllegalStateException("failed to open file '/absent': No such file or directory");
    }
    if (arguments.path("mode").asText().equals("w")) {
      file.reset();
    }
    position = 0;
    return LongNode.valueOf(HANDLE);
  }

  private JsonNode read(JsonNode arguments) {
    int to = Math.min(file.size(), position + arguments.path("count").asInt());
    Bytes bytes = Bytes.of(Arrays.copyOfRange(file.toByteArray(), position, to));
    boolean eof = position + arguments.path("count").asInt() > file.size();
    position = to;
    return Json.object()
        .put("count", bytes.size())
        .put("buf-b64", bytes.toBase64())
        .put("eof", eof);
  }

  private JsonNode write(JsonNode arguments) {
    byte[] bytes = Bytes.fromBase64(arguments.path("buf-b64").asText()).toArray();
    int count = Math.min(taken, bytes.length);
    file.write(bytes, 0, count);
    return Json.object().put("count", count).put("eof", false);
  }

  private static Bytes random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return Bytes.of(bytes);
  }

  private int timesSent(String command) {
    return Collections.frequency(agent.commands(), command);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, GuestFiles.CHUNK - 1, GuestFiles.CHUNK, GuestFiles.CHUNK * 2 + 1})
  void aFileIsWrittenAndReadBackWhole(int size) {
    // given
    var files = new GuestFiles(client);
    // when
    files.write("/f", random(size), LONG).join();
    Bytes read = files.read("/f", size, LONG).join();
    // then
    assertEquals(random(size), Bytes.of(file.toByteArray()));
    assertEquals(random(size), read);
    assertEquals(2, timesSent("guest-file-close"));
  }

  @Test
  void aGuestThatTakesFewerBytesGetsTheRest() {
    // given
    taken = 7;
    // when
    new GuestFiles(client).write("/f", random(100), LONG).join();
    // then
    assertEquals(random(100), Bytes.of(file.toByteArray()));
    assertEquals(15, timesSent("guest-file-write"));
  }

  @Test
  void aGuestThatTakesNothingIsAFailureAndTheHandleIsClosed() {
    // given
    taken = 0;
    // when
    var failure = failure(IOException.class, new GuestFiles(client).write("/f", random(3), LONG));
    // then
    assertTrue(message(failure).contains("took 0 bytes"), message(failure));
    assertEquals(1, timesSent("guest-file-write"));
    assertEquals(1, timesSent("guest-file-close"));
  }

  @Test
  void aFileOverTheLimitIsNotReadAndTheHandleIsClosed() {
    // given
    var files = new GuestFiles(client);
    files.write("/f", random(11), LONG).join();
    // when
    failure(GuestFiles.TooLargeException.class, files.read("/f", 10, LONG));
    // then
    assertEquals(2, timesSent("guest-file-close"));
    assertThrows(
        IllegalArgumentException.class, () -> files.read("/f", GuestFiles.MAX_FILE + 1, LONG));
  }

  @Test
  void aFileThatIsNotThereIsToldInTheAgentsWordsAndNothingIsClosed() {
    // when
    var refused =
        failure(CommandException.Refused.class, new GuestFiles(client).read("/absent", 10, LONG));
    // then
    assertTrue(refused.description().contains("No such file"), refused.description());
    assertEquals(0, timesSent("guest-file-close"));
  }

  @Test
  void aReadWhoseReplyIsLostClosesItsHandle() {
    // given
    agent.fault("guest-file-read", Fault.LOST);
    // when
    failure(CommandException.MayHaveRun.class, new GuestFiles(client).read("/f", 10, SHORT));
    // then
    assertEquals(List.of("guest-sync-delimited", "guest-file-close"), lastTwo());
  }

  private List<String> lastTwo() {
    List<String> all = agent.commands();
    return all.subList(all.size() - 2, all.size());
  }

  @Test
  void aWriteWhoseCloseFailsHasFailed() {
    // given
    agent.refuse("guest-file-close", "no space left");
    // when
    var refused =
        failure(
            CommandException.Refused.class, new GuestFiles(client).write("/f", random(1), LONG));
    // then
    assertEquals("guest-file-close", refused.command());
  }

  @Test
  void theFailureOfAReadGoesBeforeThatOfItsClose() {
    // given
    agent.refuse("guest-file-read", "I/O error").refuse("guest-file-close", "bad handle");
    // when
    var refused =
        failure(CommandException.Refused.class, new GuestFiles(client).read("/f", 1, LONG));
    // then
    assertEquals("guest-file-read", refused.command());
    assertEquals(1, timesSent("guest-file-close"));
  }
}
