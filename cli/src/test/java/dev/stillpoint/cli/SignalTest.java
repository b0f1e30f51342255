package dev.stillpoint.cli;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.Fault;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A signal to the command line in a process of its own, while it owes a guest something. */
@Timeout(60)
class SignalTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** What a pipe of Linux takes before a writer blocks. */
  private static final int PIPE_BYTES = 65536;

  private final FakeAgent agent = FakeAgent.start();
  @TempDir private Path state;
  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void end() {
    started.forEach(Process::destroyForcibly);
    agent.close();
  }

  /** With signals as a terminal leaves them: a build in the background has some of them ignored. */
  private Process start(String... arguments) throws IOException {
    return startUnder(List.of(), arguments);
  }

  private Process startUnder(List<String> shell, String... arguments) throws IOException {
    var command = new ArrayList<>(shell);
    command.addAll(
        List.of(
            "env",
            "--default-signal=INT,TERM,HUP",
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--enable-native-access=ALL-UNNAMED",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Stillpoint.class.getName()));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    started.add(process);
    return process;
  }

  /** Standard error is a pipe that is full, and nobody reads it. */
  private List<String> withFullStandardError() throws Exception {
    Path pipe = state.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    String full = "exec 9<>\"$0\"; head -c " + PIPE_BYTES + " /dev/zero >&9; exec \"$@\" 2>&9 9>&-";
    return List.of("sh", "-c", full, pipe.toString());
  }

  private static int codeOf(Process process) throws InterruptedException {
    assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), "it did not end");
    return process.exitValue();
  }

  private static void send(String signal, Process to) throws Exception {
    assertEquals(0, new ProcessBuilder("kill", "-" + signal, "" + to.pid()).start().waitFor());
  }

  @Test
  void aGuestThatIsHeldIsThawedFirst() throws Exception {
    for (String signal : List.of("INT", "TERM", "HUP")) {
      // given
      Process process =
          start(
              "freeze",
              "--qga",
              agent.endpoint().toString(),
              "--state-dir",
              state.toString(),
              "--for",
              "10m");
      await().atMost(PATIENCE).until(agent::guestFrozen);
      // when
      send(signal, process);
      // then
      assertEquals(ExitCode.FAILED, codeOf(process), signal);
      assertFalse(agent.guestFrozen(), signal);
    }
  }

  @Test
  void aTerminalThatIsHeldDoesNotHoldTheGuestNorTheProcess() throws Exception {
    // given
    Process process =
        startUnder(
            withFullStandardError(),
            "freeze",
            "--qga",
            agent.endpoint().toString(),
            "--state-dir",
            state.toString(),
            "--for",
            "10m",
            "--thaw-bound",
            "10m");
    await().atMost(PATIENCE).until(agent::guestFrozen);
    // when
    send("HUP", process);
    // then
    assertEquals(ExitCode.FAILED, codeOf(process));
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aGuestThatCannotBeThawedIsSaidToBeFrozen() throws Exception {
    // given
    for (int i = 0; i < 50; i++) {
      agent.fault("guest-fsfreeze-thaw", Fault.LOST);
    }
    Process process =
        start(
            "freeze",
            "--qga",
            agent.endpoint().toString(),
            "--state-dir",
            state.toString(),
            "--for",
            "10m",
            "--timeout",
            "10s",
            "--thaw-bound",
            "1s");
    await().atMost(PATIENCE).until(agent::guestFrozen);
    // when
    send("TERM", process);
    // then
    assertEquals(ExitCode.MAY_BE_FROZEN, codeOf(process));
  }

  @Test
  void aConnectThatIsInterruptedHasLeftTheGuestSafe() throws Exception {
    // given: a monitor that says nothing at all
    try (var monitor = FakeQmpServer.start().opensWith("")) {
      Process process =
          start(
              "snapshot",
              "--qmp",
              monitor.endpoint().toString(),
              "--name",
              "n",
              "--quiesce",
              "never");
      await().atMost(PATIENCE).until(() -> monitor.peer().connections() > 0);
      // when
      send("INT", process);
      // then
      assertEquals(ExitCode.FAILED, codeOf(process));
    }
  }

  @Test
  void aRecoveryEndsAtTheNextSafePoint() throws Exception {
    // given: a freeze that did not end, and an agent that does not answer
    leftFrozen();
    agent.stop();
    int before = agent.peer().connections();
    Process process = start("recover", "--state-dir", state.toString(), "--thaw-bound", "25s");
    await().atMost(PATIENCE).until(() -> agent.peer().connections() > before);
    // when
    send("TERM", process);
    // then: the thaw that is on its way is waited for, and the guest let go
    agent.resume();
    assertEquals(ExitCode.DONE, codeOf(process));
    assertFalse(agent.guestFrozen());
    assertEquals(List.of(), JournalDirectory.in(state).operations());
  }

  @Test
  void aSecondOperationIsRefusedByTheFirstOnesNameFromAnotherStateDirectoryToo() throws Exception {
    // given: another process, with a journal of its own
    freeze(state.resolve("first"));
    // when
    Run second =
        Run.of(
            "freeze",
            "--qga",
            agent.endpoint().toString(),
            "--state-dir",
            state.resolve("second").toString(),
            "--for",
            "1s");
    // then
    String first =
        JournalDirectory.in(state.resolve("first"))
            .operations()
            .get(0)
            .last()
            .orElseThrow()
            .operationId();
    assertEquals(ExitCode.FAILED, second.code(), second::toString);
    assertTrue(second.err().contains("operation " + first + " (freeze"), second::toString);
    assertEquals(List.of(), JournalDirectory.in(state.resolve("second")).operations());
    assertTrue(agent.guestFrozen());
  }

  /** As a process leaves it that was killed together with its guard. */
  private void leftFrozen() {
    try (QgaClient client = QgaClient.connect(agent.endpoint()).join()) {
      client.execute(new GuestFsfreezeFreeze()).join();
    }
    Instant now = Instant.now();
    JournalDirectory.in(state)
        .write(
            new JournalEntry(
                "cafe0001",
                "freeze",
                "",
                Journal.Phase.HOLDING,
                now,
                now,
                new MachineIdentity(
                    Optional.empty(),
                    Optional.of(MachineLock.nameOf(agent.endpoint())),
                    Optional.of(ProcessIdentity.current().toString()),
                    Optional.empty()),
                List.of(),
                true,
                false,
                Optional.empty()));
  }

  private Process freeze(Path where) throws IOException {
    Process process =
        start(
            "freeze",
            "--qga",
            agent.endpoint().toString(),
            "--state-dir",
            where.toString(),
            "--for",
            "10m");
    await().atMost(PATIENCE).until(agent::guestFrozen);
    return process;
  }
}
