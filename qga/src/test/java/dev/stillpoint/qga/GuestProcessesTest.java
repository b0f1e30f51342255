package dev.stillpoint.qga;

import static dev.stillpoint.qmp.testing.Failures.failure;
import static dev.stillpoint.qmp.testing.Failures.message;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qga.command.Bytes;
import dev.stillpoint.qga.qapi.GuestExec;
import dev.stillpoint.qga.qapi.GuestExecCaptureOutput;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.testing.Fault;
import dev.stillpoint.qmp.wire.Json;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Programs run to their end through an agent that runs none. */
@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GuestProcessesTest {
  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final GuestExec PROGRAM =
      GuestExec.of("/bin/p")
          .withArg(List.of("a"))
          .withCaptureOutput(GuestExecCaptureOutput.of(true));

  private final FakeAgent agent = FakeAgent.start();
  private final QgaClient client = QgaClient.connect(agent.endpoint()).join();

  @AfterEach
  void closeBoth() {
    client.close();
    agent.close();
  }

  /** A program that runs for so many questions and then ends like this. */
  private void program(int questions, ObjectNode end) {
    var left = new int[] {questions};
    agent
        .guest()
        .answers("guest-exec", arguments -> Json.object().put("pid", 41))
        .answers(
            "guest-exec-status",
            arguments -> {
              assertEquals(41, arguments.path("pid").asInt());
              return left[0]-- > 0 ? Json.object().put("exited", false) : end;
            });
  }

  private static ObjectNode end() {
    return Json.object().put("exited", true);
  }

  @Test
  void aProgramIsAskedUntilItHasEnded() {
    // given
    program(
        3,
        end()
            .put("exitcode", 3)
            .put("out-data", Bytes.utf8("out").toBase64())
            .put("err-data", Bytes.utf8("err").toBase64()));
    // when
    var ended = new GuestProcesses(client).run(PROGRAM, LONG).join();
    // then
    assertEquals(OptionalInt.of(3), ended.exitCode());
    assertEquals(OptionalLong.empty(), ended.signal());
    assertEquals("out", ended.out().text());
    assertEquals("err", ended.err().text());
    assertFalse(ended.truncated());
    assertFalse(ended.isSuccess());
    assertEquals(4, Collections.frequency(agent.commands(), "guest-exec-status"));
  }

  @Test
  void whatWasNotCapturedIsEmptyAndWhatWasCutIsTold() {
    // given
    program(0, end().put("exitcode", 0).put("err-truncated", true));
    // when
    var ended = new GuestProcesses(client).run(PROGRAM, LONG).join();
    // then
    assertTrue(ended.isSuccess());
    assertEquals(0, ended.out().size());
    assertTrue(ended.truncated());
  }

  @Test
  void aSignalIsNoExitCode() {
    // given
    program(0, end().put("signal", 9));
    // when
    var ended = new GuestProcesses(client).run(PROGRAM, LONG).join();
    // then
    assertEquals(OptionalInt.empty(), ended.exitCode());
    assertEquals(OptionalLong.of(9), ended.signal());
    assertFalse(ended.isSuccess());
  }

  @Test
  void aProgramThatOutlivesTheTimeoutStillRunsAndThatIsSaid() {
    // given
    program(Integer.MAX_VALUE, end());
    // when
    var failure =
        failure(CommandException.MayHaveRun.class, new GuestProcesses(client).run(PROGRAM, SHORT));
    // then
    assertEquals("guest-exec", failure.command());
    assertTrue(message(failure).contains("pid 41"), message(failure));
  }

  @Test
  void aStartWhoseReplyIsLostMayHaveRun() {
    // given
    program(0, end());
    agent.fault("guest-exec", Fault.LOST);
    // when
    failure(CommandException.MayHaveRun.class, new GuestProcesses(client).run(PROGRAM, SHORT));
    // then
    assertFalse(agent.commands().contains("guest-exec-status"));
  }

  @Test
  void anAgentThatMayNotExecuteSaysSo() {
    // given
    program(0, end());
    agent.guest().disables("guest-exec");
    // when
    var refused =
        failure(CommandException.Refused.class, new GuestProcesses(client).run(PROGRAM, LONG));
    // then
    assertEquals("CommandNotFound", refused.errorClass());
  }
}
