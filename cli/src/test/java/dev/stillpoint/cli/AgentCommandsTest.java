package dev.stillpoint.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.testing.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** freeze, thaw and status against an agent whose freeze is a number in this process. */
@Timeout(30)
class AgentCommandsTest {
  private final FakeAgent agent = FakeAgent.start();
  @TempDir Path directory;

  @AfterEach
  void closeAgent() {
    agent.close();
  }

  private Run run(String command, String... more) {
    var arguments = new ArrayList<>(List.of(command, "--qga", agent.endpoint().toString()));
    if (command.equals("freeze") && !List.of(more).contains("--state-dir")) {
      arguments.addAll(List.of("--state-dir", directory.resolve("state").toString()));
    }
    arguments.addAll(List.of(more));
    return Run.of(arguments.toArray(String[]::new));
  }

  private int timesSent(String command) {
    return (int) agent.commands().stream().filter(command::equals).count();
  }

  @Test
  void aGuestIsHeldForATimeAndThawed() {
    // when
    Run run = run("freeze", "--for", "50ms", "-o", "json");
    // then
    assertEquals(ExitCode.DONE, run.code(), run.err());
    assertTrue(run.out().startsWith("{\"guest\":\"thawed\",\"fileSystems\":3,"), run.out());
    assertEquals(1, agent.freezes());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aCommandRunsWhileTheGuestIsHeld() throws IOException {
    // given
    Path seen = directory.resolve("seen");
    // when
    Run run = run("freeze", "--for", "20s", "--", "sh", "-c", "echo held > " + seen);
    // then
    assertEquals(ExitCode.DONE, run.code(), run.err());
    assertEquals("held\n", Files.readString(seen));
    assertTrue(run.out().contains("froze 3 file systems"), run.out());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aFailingCommandIsToldAndTheGuestThawed() {
    // when
    Run run = run("freeze", "--for", "20s", "--", "sh", "-c", "exit 7");
    // then
    assertEquals(ExitCode.FAILED, run.code());
    assertTrue(run.err().contains("ended with 7"), run.err());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aCommandThatRunsTooLongIsEndedAndTheGuestThawed() {
    // when
    Run run = run("freeze", "--for", "100ms", "--", "sleep", "25");
    // then
    assertEquals(ExitCode.FAILED, run.code());
    assertTrue(run.err().contains("longer than 100.0 ms"), run.err());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aCommandThatDoesNotExistIsToldAndTheGuestThawed() {
    // when
    Run run = run("freeze", "--for", "20s", "--", directory.resolve("absent").toString());
    // then
    assertEquals(ExitCode.FAILED, run.code());
    assertTrue(run.err().contains("cannot run"), run.err());
    assertEquals(1, agent.thaws());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aGuestThatSomebodyElseFrozeIsNotFrozenAgainNorThawed() {
    // given
    frozenBySomebodyElse();
    // when
    Run run = run("freeze", "--for", "50ms", "-o", "json");
    // then
    assertEquals(ExitCode.FAILED, run.code());
    assertTrue(run.out().contains("\"code\":\"already-frozen\""), run.out());
    assertTrue(agent.guestFrozen());
  }

  private void frozenBySomebodyElse() {
    try (var client = QgaClient.connect(agent.endpoint()).join()) {
      client.execute(new GuestFsfreezeFreeze()).join();
    }
  }

  @Test
  void aFreezeWhoseReplyIsLostIsThawedAndNotASuccess() {
    // given
    agent.fault("guest-fsfreeze-freeze", Fault.LOST);
    // when
    Run run = run("freeze", "--for", "50ms", "--timeout", "300ms");
    // then
    assertEquals(ExitCode.FAILED, run.code(), run.err());
    assertEquals(1, agent.thaws());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aFreezeThatFrozeNothingIsNotASuccess() {
    // given
    agent.withFileSystems(0);
    // when
    Run run = run("freeze", "--for", "50ms");
    // then
    assertEquals(ExitCode.FAILED, run.code());
    assertTrue(run.err().contains("froze no file system"), run.err());
    assertEquals(1, timesSent("guest-fsfreeze-thaw"));
  }

  @Test
  void aThawThatCannotBeProvedIsThree() {
    // given
    agent.fault("guest-fsfreeze-freeze", Fault.LOST);
    for (int i = 0; i < 50; i++) {
      agent.fault("guest-fsfreeze-thaw", Fault.LOST);
    }
    // when
    Run run =
        run("freeze", "--for", "50ms", "--timeout", "300ms", "--thaw-bound", "1s", "-o", "json");
    // then
    assertEquals(ExitCode.MAY_BE_FROZEN, run.code(), run.err());
    assertTrue(run.out().contains("\"guest\":\"maybe-frozen\""), run.out());
    assertTrue(run.err().contains("may be frozen"), run.err());
  }

  @Test
  void aMachineThatAnotherOperationHasIsLeftToIt() {
    // given
    List<Endpoint> machine = List.of(agent.endpoint());
    MachineLock other = MachineLock.take(machine, "cafe0001", "snapshot nightly");
    try {
      // when
      Run freeze = run("freeze", "--for", "50ms", "-o", "json");
      Run thaw = run("thaw", "-o", "json");
      Run status = run("status", "-o", "json");
      Run snapshot =
          Run.of(
              "snapshot",
              "--qmp",
              directory.resolve("none").toString(),
              "--qga",
              agent.endpoint().toString(),
              "--name",
              "n",
              "-o",
              "json");
      // then: thaw alone is asked by somebody who must know whether the guest is frozen
      assertEquals(ExitCode.FAILED, freeze.code());
      assertEquals(ExitCode.MAY_BE_FROZEN, thaw.code());
      assertTrue(thaw.out().contains("\"guest\":\"maybe-frozen\""), thaw.out());
      assertEquals(ExitCode.FAILED, status.code());
      assertEquals(ExitCode.FAILED, snapshot.code());
      for (Run run : List.of(freeze, thaw, status, snapshot)) {
        assertTrue(run.out().contains("\"code\":\"busy\""), run.out());
        assertTrue(run.err().contains("operation cafe0001 (snapshot nightly)"), run.err());
      }
      assertEquals(List.of(), agent.commands());
    } finally {
      other.close();
    }
  }

  @Test
  void aFreezeIsWrittenDownWhileItLastsAndAStateThatCannotBeWrittenForbidsIt() throws IOException {
    // given
    Path copy = directory.resolve("copy");
    Path state = directory.resolve("state");
    Path file = Files.createFile(directory.resolve("file"));
    // when
    Run held =
        run(
            "freeze",
            "--for",
            "20s",
            "--state-dir",
            state.toString(),
            "--",
            "sh",
            "-c",
            "cat " + state + "/operations/* > " + copy);
    Run refused = run("freeze", "--for", "50ms", "--state-dir", file.toString(), "-o", "json");
    // then
    assertEquals(ExitCode.DONE, held.code(), held.err());
    assertTrue(Files.readString(copy).contains("\"thawOwed\":true"), Files.readString(copy));
    assertEquals(List.of(), JournalDirectory.in(state).operations());
    assertEquals(ExitCode.FAILED, refused.code(), refused.err());
    assertTrue(refused.out().contains("\"code\":\"journal-failed\""), refused.out());
    assertTrue(refused.out().contains("\"guest\":\"never-frozen\""), refused.out());
    assertEquals(1, agent.freezes());
  }

  @Test
  void aThawThatIsNotProvedStaysWrittenDown() {
    // given
    Path state = directory.resolve("state");
    for (int i = 0; i < 50; i++) {
      agent.fault("guest-fsfreeze-thaw", Fault.LOST);
    }
    // when
    run("freeze", "--for", "50ms", "--thaw-bound", "300ms", "--state-dir", state.toString());
    // then
    var entry = JournalDirectory.in(state).operations().get(0).last().orElseThrow();
    assertTrue(entry.thawOwed(), entry::toString);
    assertEquals("freeze", entry.kind());
    assertEquals(Optional.of(agent.endpoint().toString()), entry.machine().agent());
    // What is behind the socket here is no QEMU, and so tells nothing of the machine.
    assertEquals(Optional.empty(), entry.machine().incarnation());
  }

  @Test
  void theMachineIsFreeAgainAfterEachCommand() {
    // when
    assertEquals(ExitCode.DONE, run("freeze", "--for", "50ms").code());
    // then
    assertEquals(Optional.empty(), MachineLock.owner(List.of(agent.endpoint())));
    assertEquals(ExitCode.DONE, run("thaw").code());
    assertEquals(Optional.empty(), MachineLock.owner(List.of(agent.endpoint())));
  }

  @Test
  void thawThawsAGuestThatSomebodyElseFroze() {
    // given
    frozenBySomebodyElse();
    // when
    Run before = run("status");
    Run thaw = run("thaw", "-o", "json");
    Run after = run("status", "-o", "json");
    // then
    assertEquals("frozen", before.out().strip());
    assertEquals(ExitCode.DONE, thaw.code(), thaw.err());
    assertEquals("{\"guest\":\"thawed\"}", thaw.out().strip());
    assertEquals("{\"guest\":\"thawed\"}", after.out().strip());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void thawIsTriedAgainAfterALostReply() {
    // given
    frozenBySomebodyElse();
    agent.fault("guest-fsfreeze-thaw", Fault.CLOSED);
    // when
    Run run = run("thaw");
    // then
    assertEquals(ExitCode.DONE, run.code(), run.err());
    assertEquals(2, timesSent("guest-fsfreeze-thaw"));
    assertFalse(agent.guestFrozen());
  }

  @Test
  void anAgentThatIsSilentMayHaveAFrozenGuest() {
    // given
    agent.stop();
    // when
    Run status = run("status", "--timeout", "300ms", "-o", "json");
    Run freeze = run("freeze", "--for", "50ms", "--timeout", "300ms");
    Run thaw = run("thaw", "--thaw-bound", "300ms");
    // then
    assertEquals(ExitCode.FAILED, status.code());
    assertTrue(status.out().contains("\"code\":\"agent-unavailable\""), status.out());
    assertEquals(ExitCode.FAILED, freeze.code());
    assertEquals(ExitCode.MAY_BE_FROZEN, thaw.code());
    assertEquals(0, agent.freezes());
  }

  @Test
  void whereNoSocketIsTheMessageNamesThePath() {
    // given
    String absent = directory.resolve("absent.sock").toString();
    // when
    Run status = Run.of("status", "--qga", absent);
    Run freeze = Run.of("freeze", "--qga", absent, "--for", "1s");
    // then
    assertEquals(ExitCode.FAILED, status.code());
    assertTrue(status.err().contains(absent), status.err());
    assertEquals(ExitCode.FAILED, freeze.code());
    assertTrue(freeze.err().contains(absent), freeze.err());
  }
}
