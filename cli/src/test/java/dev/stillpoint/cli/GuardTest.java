package dev.stillpoint.cli;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qmp.testing.Fault;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command line is killed or stopped while it holds a guest, and nobody helps. */
@Timeout(90)
class GuardTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  // Other tests of this process leave guards whose agent is gone; they go with the process.
  private final Set<Long> before = guards();
  private final FakeAgent agent = FakeAgent.start();
  private final List<Process> started = new ArrayList<>();
  @TempDir private Path state;

  @AfterEach
  void end() {
    started.forEach(Process::destroyForcibly);
    // Before the agent: a guard pursues the thaw for as long as the machine, this process, lives.
    await().atMost(PATIENCE).until(() -> guardsOfOurs().isEmpty());
    agent.close();
  }

  private Process held(String... more) throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Stillpoint.class.getName(),
                "freeze",
                "--qga",
                agent.endpoint().toString(),
                "--state-dir",
                state.toString()));
    command.addAll(List.of(more));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    started.add(process);
    await().atMost(PATIENCE).until(agent::guestFrozen);
    return process;
  }

  private static void send(String signal, Process to) throws Exception {
    assertEquals(0, new ProcessBuilder("kill", "-" + signal, "" + to.pid()).start().waitFor());
  }

  private void awaitThawed() {
    await().atMost(PATIENCE).until(() -> !agent.guestFrozen());
  }

  @Test
  void whoIsKilledLeavesAThawedGuestAndAJournalThatSaysSo() throws Exception {
    // given
    Process process = held("--for", "10m");
    // when
    process.destroyForcibly().waitFor();
    // then
    awaitThawed();
    await()
        .atMost(PATIENCE)
        .until(() -> JournalDirectory.in(state).operations().get(0).thawedByGuard());
  }

  @Test
  void aThawWhoseReplyIsLostIsTriedAgain() throws Exception {
    // given
    Process process = held("--for", "10m");
    agent.fault("guest-fsfreeze-status", Fault.LOST);
    // when
    process.destroyForcibly().waitFor();
    // then
    awaitThawed();
    await()
        .atMost(PATIENCE)
        .until(() -> JournalDirectory.in(state).operations().get(0).thawedByGuard());
    assertTrue(agent.thaws() >= 2);
  }

  @Test
  void whoIsStoppedIsThawedForAndSaysAfterwardsThatTheFreezeIsNotProved() throws Exception {
    // given
    Process process = held("--for", "8s");
    // when
    send("STOP", process);
    // then
    awaitThawed();
    // when
    send("CONT", process);
    // then
    assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    assertEquals(ExitCode.FAILED, process.exitValue());
    assertEquals(1, agent.thaws());
  }

  @Test
  void whoGivesUpHandsTheThawOver() throws Exception {
    // given: more refusals than the process has time for
    for (int i = 0; i < 40; i++) {
      agent.refuse("guest-fsfreeze-thaw", "not yet");
    }
    Process process = held("--for", "1s", "--thaw-bound", "1s", "--timeout", "10s");
    // when
    assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    // then
    assertEquals(ExitCode.MAY_BE_FROZEN, process.exitValue());
    assertTrue(agent.guestFrozen());
    awaitThawed();
  }

  @Test
  void aGuardGoesWithItsOperation() throws Exception {
    // given
    Process process = held("--for", "1s");
    // when
    assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    // then
    assertEquals(ExitCode.DONE, process.exitValue());
    assertEquals(1, agent.thaws());
    await().atMost(PATIENCE).until(() -> guardsOfOurs().isEmpty());
    assertEquals(List.of(), JournalDirectory.in(state).operations());
  }

  private Set<Long> guardsOfOurs() {
    Set<Long> now = guards();
    now.removeAll(before);
    return now;
  }

  private static Set<Long> guards() {
    return ProcessHandle.allProcesses()
        .filter(process -> process.info().commandLine().orElse("").contains("GuardProcess"))
        .filter(GuardTest::hasOurClassPath)
        .map(ProcessHandle::pid)
        .collect(Collectors.toCollection(HashSet::new));
  }

  private static boolean hasOurClassPath(ProcessHandle process) {
    return process
        .info()
        .commandLine()
        .filter(line -> line.contains(System.getProperty("java.class.path")))
        .isPresent();
  }
}
