package dev.stillpoint.backends.exec;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.backends.host.HostProgram;
import dev.stillpoint.backends.host.HostProgram.Said;
import dev.stillpoint.backends.host.MissingProgramException;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;

/** One program that speaks the contract: one request and one answer each time it is started. */
final class ExecProgram {
  /** The form of requests and answers. */
  static final int VERSION = 1;

  /** How long after the time it was given a program is ended by force. */
  static final Duration GRACE = Duration.ofSeconds(2);

  /** How much of what a program says wrongly is repeated, in characters. */
  private static final int MAX_QUOTED = 300;

  /** What a program can call its failure; any other is told by the step in which it happened. */
  private static final Set<ErrorCode> CODES =
      EnumSet.of(
          ErrorCode.BAD_REQUEST,
          ErrorCode.DISK_UNSUITABLE,
          ErrorCode.NO_SUCH_SNAPSHOT,
          ErrorCode.SNAPSHOT_EXISTS,
          ErrorCode.TOOL_MISSING,
          ErrorCode.NO_SPACE,
          ErrorCode.DISK_IN_USE);

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

  private final Path file;

  ExecProgram(Path file) {
    this.file = file;
  }

  /** A request to be filled. */
  static ObjectNode request(String action, String operationId) {
    return JSON.createObjectNode()
        .put("stillpoint", VERSION)
        .put("action", action)
        .put("operation", operationId);
  }

  /**
   * Starts the program for one request.
   *
   * @return its answer, which says that it succeeded
   * @throws SnapshotException when its answer says that it failed, and how
   * @throws IOException when it gives no such answer
   */
  JsonNode ask(ObjectNode request, Deadline deadline) throws IOException {
    HostProgram program =
        HostProgram.at(file)
            .orElseThrow(() -> new MissingProgramException(file.toString(), "this host"));
    Duration left = deadline.remaining();
    request.put("timeoutMs", left.toMillis());
    Said said =
        program.run(java.util.List.of(), request.toString(), Deadline.after(left.plus(GRACE)));
    String action = request.path("action").textValue();
    if (said.status() != 0) {
      throw new IOException(
          file + " ended '" + action + "' with status " + said.status() + quoted(said.err()));
    }
    JsonNode answer = answer(said.out(), action);
    if (!answer.path("ok").booleanValue()) {
      throw failure(answer, action);
    }
    return answer;
  }

  private JsonNode answer(String text, String action) throws IOException {
    try {
      JsonNode answer = JSON.readTree(text);
      if (answer.isObject()
          && answer.path("stillpoint").asInt() == VERSION
          && answer.path("ok").isBoolean()) {
        return answer;
      }
    } catch (JsonProcessingException e) {
      // Told below, with what it said.
    }
    throw new IOException(
        file + " gave no answer of the contract to '" + action + "'" + quoted(text));
  }

  private RuntimeException failure(JsonNode answer, String action) throws IOException {
    String message = file + ": " + answer.path("message").asText("it failed and does not say how");
    String named = answer.path("code").asText();
    for (ErrorCode code : CODES) {
      if (code.name().equals(named)) {
        return new SnapshotException(Failure.of(code, message));
      }
    }
    throw new IOException(message + " (at '" + action + "')");
  }

  /** That something is missing in an answer, or is none of what it can be. */
  IOException unfit(String action, String what) {
    return new IOException(file + " answered '" + action + "' without " + what);
  }

  private static String quoted(String text) {
    String said = text.strip();
    if (said.isEmpty()) {
      return "";
    }
    return ": " + (said.length() > MAX_QUOTED ? said.substring(0, MAX_QUOTED) + "..." : said);
  }
}
