package dev.stillpoint.backends.lock;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One operation a machine, in this process and between processes, however the machine is named. */
@Timeout(60)
class MachineLockTest {
  @TempDir private Path directory;
  private Path locks = Path.of("/nowhere");
  private Endpoint agent = Endpoint.unix(Path.of("/nowhere"));
  private final List<Process> started = new ArrayList<>();
  private final List<MachineLock> taken = new ArrayList<>();

  @BeforeEach
  void makeASocketFile() throws IOException {
    locks = Files.createDirectory(directory.resolve("locks"));
    agent = Endpoint.unix(Files.createFile(directory.resolve("agent.sock")));
  }

  @AfterEach
  void letGo() throws InterruptedException {
    taken.forEach(MachineLock::close);
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  private MachineLock take(Endpoint... machine) {
    MachineLock lock = MachineLock.take(locks, List.of(machine), "1a2b3c4d", "snapshot nightly");
    taken.add(lock);
    return lock;
  }

  private SnapshotException refused(Endpoint... machine) {
    var refusal = assertThrows(SnapshotException.class, () -> take(machine).close());
    assertEquals(ErrorCode.BUSY, refusal.failure().code(), () -> refusal.failure().message());
    return refusal;
  }

  private Process otherProcess(String says) throws Exception {
    Process other = LockHolder.start(locks, agent);
    started.add(other);
    String said = String.valueOf(other.inputReader().readLine());
    assertTrue(said.startsWith(says), said);
    return other;
  }

  @Test
  void aSecondTakerInThisProcessIsToldWhoWasFirst() {
    MachineLock first = take(agent);
    String told = refused(agent).failure().message();

    assertTrue(told.contains("operation 1a2b3c4d (snapshot nightly)"), told);
    assertTrue(told.contains("process " + ProcessHandle.current().pid() + " since 20"), told);
    first.close();
    take(agent).close();
  }

  @Test
  void aSecondTakerInAnotherProcessIsToldWhoWasFirst() throws Exception {
    MachineLock first = take(agent);
    Process other = otherProcess("BUSY: the machine is held by operation 1a2b3c4d");
    other.waitFor();
    first.close();
    otherProcess("held");
  }

  @Test
  void aLockOfAnotherProcessIsSeenAndRefused() throws Exception {
    // given
    Process other = otherProcess("held");
    // when
    LockOwner owner = MachineLock.owner(locks, List.of(agent)).orElseThrow();
    String told = refused(agent).failure().message();
    // then
    assertEquals(ProcessIdentity.of(other.pid()), Optional.of(owner.process()));
    assertEquals("freeze", owner.what());
    assertTrue(told.contains("operation 0ther000 (freeze) of process " + other.pid()), told);
  }

  @Test
  void lookingAtALockOfOursLeavesItOurs() throws Exception {
    MachineLock first = take(agent);
    assertTrue(MachineLock.owner(locks, List.of(agent)).isPresent());
    refused(agent);

    otherProcess("BUSY");
    first.close();
  }

  @Test
  void whoIsKilledHoldsNothingAnyMore() throws Exception {
    // given
    Process other = otherProcess("held");
    // when
    other.destroyForcibly().waitFor();
    // then
    assertEquals(Optional.empty(), MachineLock.owner(locks, List.of(agent)));
    take(agent).close();
  }

  @Test
  void aNoteWithoutALockIsNoOwner() throws Exception {
    // given: a note of a live process
    var note =
        new LockOwner("dead0000", "freeze", ProcessIdentity.current(), Instant.now(), "unix:/a");
    Path file = locks.resolve(LockName.of(agent).fileName());
    Files.writeString(file, note.note());
    // then
    assertEquals(Optional.empty(), MachineLock.owner(locks, List.of(agent)));
    MachineLock ours = take(agent);
    LockOwner owner = MachineLock.owner(locks, List.of(agent)).orElseThrow();
    assertEquals("1a2b3c4d", owner.operation());
    assertFalse(Files.readString(file).contains("dead0000"));
    ours.close();
  }

  @Test
  void theNoteReadsAsItWasWritten() {
    var owner =
        new LockOwner(
            "1a2b3c4d",
            "snapshot nightly",
            ProcessIdentity.current(),
            Instant.parse("2026-01-02T03:04:05.678Z"),
            "unix:/a");

    assertEquals(owner, LockOwner.parse(owner.note(), "unix:/a"));
    assertEquals(LockOwner.unknown("unix:/a"), LockOwner.parse("operation: 1a2b", "unix:/a"));
  }

  @Test
  void oneMachineHasOneLockHoweverItIsSpelled() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), directory);
    Path relative = Path.of("").toAbsolutePath().relativize(directory);
    Path socketLink =
        Files.createSymbolicLink(directory.resolve("s"), directory.resolve("agent.sock"));
    MachineLock first = take(agent);
    refused(Endpoint.unix(link.resolve("agent.sock")));
    refused(Endpoint.unix(relative.resolve("agent.sock")));
    refused(Endpoint.unix(directory.resolve("x/../agent.sock").normalize()));
    refused(Endpoint.unix(socketLink));
    first.close();
    take(Endpoint.tcp("Example", 4444));
    refused(Endpoint.tcp("example", 4444));
    take(Endpoint.tcp("example", 4445)).close();
    first.close();
  }

  @Test
  void twoWaysToOneQemuAreOneMachine() throws IOException {
    // given
    Endpoint monitor = Endpoint.unix(directory.resolve("monitor.sock"));
    ProcessIdentity qemu = ProcessIdentity.current();
    MachineLock first = take(agent);
    first.takeQemu(qemu);
    // when
    MachineLock second = take(monitor);
    var refusal = assertThrows(SnapshotException.class, () -> second.takeQemu(qemu));
    // then
    assertEquals(ErrorCode.BUSY, refusal.failure().code());
    assertTrue(refusal.failure().message().contains("1a2b3c4d"), refusal::getMessage);
    // and what the second had is free again
    MachineLock third = take(monitor);
    first.close();
    third.takeQemu(qemu);
    third.takeQemu(qemu);
  }

  @Test
  void whoeverIsNoQemuIsNoMachine() throws IOException {
    // given: a proxy serves both
    MachineLock first = take(agent);
    first.takeQemu(OptionalLong.of(ProcessHandle.current().pid()));
    MachineLock second = take(Endpoint.unix(directory.resolve("monitor.sock")));
    // then
    second.takeQemu(OptionalLong.of(ProcessHandle.current().pid()));
    second.takeQemu(OptionalLong.empty());
  }

  @Test
  void anEndpointIsWrittenDownAsItIsReachedAndLockedAsWhatItIs() {
    Path certificate = Path.of("some", "client.pem");
    var tls =
        new Endpoint.Tls(
            "Example", 4444, Optional.of(certificate), Optional.of(certificate), Optional.empty());

    assertEquals("tcp:example:4444", MachineLock.nameOf(tls));
    assertEquals(
        new Endpoint.Tls(
            "example",
            4444,
            Optional.of(certificate.toAbsolutePath()),
            Optional.of(certificate.toAbsolutePath()),
            Optional.empty()),
        Endpoint.parse(MachineLock.addressOf(tls)));
  }

  @Test
  void aSocketThatIsNotThereYetIsKnownByItsDirectory() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), directory);
    MachineLock first = take(Endpoint.unix(directory.resolve("later")));
    refused(Endpoint.unix(link.resolve("later")));
    first.close();
  }

  @Test
  void allEndpointsOfAMachineOrNone() {
    Endpoint monitor = Endpoint.unix(directory.resolve("a-monitor.sock"));
    MachineLock first = take(agent);
    refused(monitor, agent);
    refused(agent, monitor);

    take(monitor).close();
    first.close();
    take(monitor, agent, agent).close();
  }

  @Test
  void closingTwiceDoesNotFreeTheNextOwner() {
    MachineLock first = take(agent);
    first.close();
    take(agent);
    first.close();

    refused(agent);
  }

  @Test
  void aHundredMachinesAreHeldAtOnce() throws Exception {
    // given
    List<MachineLock> held = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      held.add(take(Endpoint.unix(directory.resolve("machine" + i))));
    }
    held.add(take(agent));
    // then
    for (int i = 0; i < 100; i++) {
      refused(Endpoint.unix(directory.resolve("machine" + i)));
    }
    // when
    held.subList(0, 100).forEach(MachineLock::close);
    // then
    otherProcess("BUSY");
    held.forEach(MachineLock::close);
  }

  @Test
  void aDirectoryThatIsNotOursAloneIsNotUsed() throws IOException {
    Path open = Files.createDirectory(directory.resolve("open"));
    Files.setPosixFilePermissions(
        open, java.nio.file.attribute.PosixFilePermissions.fromString("rwxrwxrwx"));
    Path link = Files.createSymbolicLink(directory.resolve("l"), locks);

    assertThrows(IOException.class, () -> RunDirectory.owned(open));
    assertThrows(IOException.class, () -> RunDirectory.owned(link));
    assertEquals(
        directory.toRealPath().resolve("made"), RunDirectory.owned(directory.resolve("made")));
  }

  @Test
  void aLockThatCanBeKeptNowhereIsARefusalToo() {
    var refusal =
        assertThrows(
            SnapshotException.class,
            () -> MachineLock.take(directory.resolve("none"), List.of(agent), "1a2b3c4d", "thaw"));

    assertEquals(ErrorCode.LOCK_FAILED, refusal.failure().code());
  }
}
