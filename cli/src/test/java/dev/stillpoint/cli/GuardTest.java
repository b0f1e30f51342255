package dev.stillpoint.cli;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.journal.GuardNote;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qmp.testing.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
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
    return heldAt(agent.endpoint().toString(), more);
  }

  private Process heldAt(String endpoint, String... more) throws IOException {
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
                endpoint,
                "--state-dir",
                state.toString()));
    command.addAll(List.of(more));
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(state.resolve("err").toFile())
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
    // then: the guard has proved it, so that it has nothing to give back
    awaitThawed();
    Path journal = JournalDirectory.in(state).operations().get(0).path();
    await()
        .atMost(PATIENCE)
        .until(() -> Files.readString(journal).contains(GuardNote.IN_STANDSTILL));
    // and whoever recovers thaws all the same: a freeze may have come after that
    assertFalse(JournalDirectory.in(state).operations().get(0).thawedByGuard());
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
    String told = Files.readString(state.resolve("err"));
    assertTrue(told.contains("the guard, process "), told);
    assertTrue(told.contains("'stillpoint status'"), told);
    assertTrue(agent.guestFrozen());
    awaitThawed();
  }

  private Run run(String command, String... more) {
    var arguments = new ArrayList<>(List.of(command, "--qga", agent.endpoint().toString()));
    arguments.addAll(List.of(more));
    return Run.of(arguments.toArray(String[]::new));
  }

  @Test
  void whoeverComesWhileAGuestIsHeldIsToldByWhomAndAThawEndsThat() throws Exception {
    // given
    Process process = held("--for", "10m");
    // when
    Run status = run("status");
    // then
    assertEquals(ExitCode.DONE, status.code(), status.err());
    assertTrue(status.out().startsWith("maybe-frozen: held by operation "), status.out());
    assertTrue(status.out().contains("(freeze) of process " + process.pid()), status.out());
    // when
    Run thaw = run("thaw");
    // then
    assertEquals(ExitCode.DONE, thaw.code(), thaw.err());
    assertTrue(thaw.err().contains("(freeze) of process " + process.pid()), thaw.err());
    assertTrue(thaw.out().startsWith("thawed"), thaw.out());
    assertFalse(agent.guestFrozen());
    assertEquals(1, agent.thaws());
    assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    assertEquals(ExitCode.FAILED, process.exitValue());
    String told = Files.readString(state.resolve("err"));
    assertTrue(told.contains("somebody asked for the thaw"), told);
  }

  @Test
  void whoeverComesWhileTheGuardIsAloneIsToldSoAndRefused() throws Exception {
    // given: an agent that does not answer the guard
    Process process = held("--for", "10m");
    agent.stop();
    process.destroyForcibly().waitFor();
    await().atMost(PATIENCE).until(() -> run("status").out().contains("pursues the thaw"));
    // when
    Run status = run("status", "-o", "json");
    Run freeze = run("freeze", "--for", "1s", "--state-dir", state.toString());
    Run recover = Run.of("recover", "--state-dir", state.toString());
    Run thaw = run("thaw", "--thaw-bound", "1s");
    // then
    assertEquals(ExitCode.DONE, status.code());
    assertTrue(status.out().contains("\"phase\":\"pursued\""), status.out());
    assertEquals(ExitCode.FAILED, freeze.code());
    assertTrue(freeze.err().contains("(guard of freeze)"), freeze.err());
    assertEquals(ExitCode.DONE, recover.code());
    assertTrue(recover.out().contains("(guard of freeze)"), recover.out());
    assertEquals(ExitCode.MAY_BE_FROZEN, thaw.code());
    assertTrue(agent.guestFrozen());
    // when: it answers again, while a thaw waits for the guard
    var waiting = CompletableFuture.supplyAsync(() -> run("thaw"));
    agent.resume();
    // then
    Run thawed = waiting.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    assertEquals(ExitCode.DONE, thawed.code(), thawed.err());
    assertFalse(agent.guestFrozen());
    await().atMost(PATIENCE).until(() -> guardsOfOurs().isEmpty());
    assertEquals("thawed", run("status").out().strip());
  }

  @Test
  void whatAKilledGuardLeavesBehindIsInNobodysWay() throws Exception {
    // given: both are killed
    Process process = held("--for", "10m");
    ProcessHandle guard = ProcessHandle.of(guardsOfOurs().iterator().next()).orElseThrow();
    assertTrue(guard.destroyForcibly());
    guard.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    process.destroyForcibly().waitFor();
    assertTrue(agent.guestFrozen());
    // when
    Run status = run("status");
    Run thaw = run("thaw");
    // then
    assertEquals("frozen", status.out().strip(), status.err());
    assertEquals(ExitCode.DONE, thaw.code(), thaw.err());
    // and the next one has its own
    held("--for", "10m");
    assertTrue(run("status").out().contains("held by operation"));
    assertEquals(ExitCode.DONE, run("thaw").code());
  }

  @Test
  void behindTcpTheGuardConnectsAnew() throws Exception {
    // given
    try (TcpRelay relay = TcpRelay.to(agent.endpoint())) {
      Process process = heldAt(relay.endpoint().toString(), "--for", "10m");
      assertEquals(1, agent.peer().connections());
      // when
      process.destroyForcibly().waitFor();
      // then
      awaitThawed();
      assertEquals(2, agent.peer().connections());
      await()
          .atMost(PATIENCE)
          .until(() -> JournalDirectory.in(state).operations().get(0).thawedByGuard());
    }
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
