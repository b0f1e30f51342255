package dev.stillpoint.backends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.testing.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is made of an operation that did not end: of its guest, its cut and its machine. */
@Timeout(60)
class RecoveryTest extends RecoveryScene {
  @Test
  void aFrozenGuestIsThawedAndWhatWasMadeForItRemoved() throws IOException {
    // given
    Path overlay = file("overlay");
    nodes.addAll(List.of("sp-" + ID + "-1-file", "sp-" + ID + "-1-overlay", "node1"));
    attached.add("node1");
    written(Phase.HOLDING, living(), true, false, disk(1, overlay, Optional.of(number(overlay))));
    freeze();
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertFalse(agent.guestFrozen());
    assertEquals(List.of("node1"), nodes);
    assertFalse(Files.exists(overlay));
    assertEquals(List.of(), one.disks());
    assertNothingLeftNow();
  }

  @Test
  void aDryRunTellsAndChangesNothing() throws IOException {
    // given
    Path overlay = file("overlay");
    nodes.add("sp-" + ID + "-1-file");
    attached.add("node1");
    written(Phase.HOLDING, living(), true, false, disk(1, overlay, Optional.of(number(overlay))));
    freeze();
    String before = Files.readString(journal.fileOf(ID));
    // when
    RecoveredOperation one = Recovery.of(journal).onlyTelling().run().get(0);
    // then
    assertEquals(State.MAYBE_FROZEN, one.state());
    assertEquals(
        List.of(
            "would thaw the guest",
            "would remove the node sp-" + ID + "-1-file",
            "would remove the file " + overlay),
        one.done());
    assertTrue(agent.guestFrozen());
    assertTrue(Files.exists(overlay));
    assertEquals(1, nodes.size());
    assertEquals(before, Files.readString(journal.fileOf(ID)));
  }

  @Test
  void aMachineThatWasPausedRunsBeforeItIsThawed() {
    // given
    paused = true;
    written(Phase.HOLDING, living(), true, true);
    freeze();
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(List.of("resumed the machine", "thawed the guest"), one.done());
    assertFalse(paused);
    assertFalse(agent.guestFrozen());
    assertNothingLeftNow();
  }

  @Test
  void anAgentThatDoesNotAnswerIsMaybeFrozenAndKeptInMind() {
    // given
    written(Phase.HOLDING, living(), true, false);
    freeze();
    agent.stop();
    // when
    RecoveredOperation one = Recovery.of(journal).thawBound(Duration.ofMillis(500)).run().get(0);
    // then
    assertEquals(State.MAYBE_FROZEN, one.state(), one::toString);
    agent.resume();
    assertEquals(State.SETTLED, recovered().state());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aCutThatWasAppliedToAllDisksIsHandedOver() throws IOException {
    // given
    Path first = file("first");
    Path second = file("second");
    attached.addAll(List.of("sp-" + ID + "-1-overlay", "sp-" + ID + "-2-overlay"));
    nodes.addAll(attached);
    written(
        Phase.HOLDING,
        living(),
        true,
        false,
        disk(1, first, Optional.of(number(first))),
        disk(2, second, Optional.of(number(second))));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertEquals(List.of("vd1", "vd2"), one.disks().stream().map(disk -> disk.disk()).toList());
    assertTrue(Files.exists(first) && Files.exists(second));
    assertEquals(2, nodes.size());
    assertNothingLeftNow();
  }

  @Test
  void aCutOfSomeDisksOnlyIsLeftAsItIsAndListed() throws IOException {
    // given
    Path first = file("first");
    Path second = file("second");
    attached.addAll(List.of("sp-" + ID + "-1-overlay", "base2"));
    nodes.addAll(List.of("sp-" + ID + "-1-overlay", "sp-" + ID + "-2-overlay", "base2"));
    written(
        Phase.RELEASED,
        living(),
        false,
        false,
        disk(1, first, Optional.of(number(first))),
        disk(2, second, Optional.of(number(second))));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state());
    assertTrue(one.left().get(0).contains("only 1 of 2"), one::toString);
    assertTrue(one.left().get(1).contains(first + " (the machine writes to it)"), one::toString);
    assertTrue(one.left().get(2).endsWith(second.toString()), one::toString);
    assertEquals(3, nodes.size());
    assertTrue(Files.exists(first) && Files.exists(second));
    assertEquals(State.LEFT, recovered().state());
  }

  @Test
  void aRefusalOfAFrozenGuestNamesTheOperationThatLeftItSo() {
    // given
    written(Phase.HOLDING, living(), true, false);
    var earlier =
        EarlierOperations.in(journal)
            .on(MachineLook.ofAgent(agent.endpoint(), OptionalLong.empty()));
    Failure frozen = Failure.of(ErrorCode.ALREADY_FROZEN, "frozen");
    // when
    SnapshotResult told = earlier.toldIn(SnapshotResult.notBegun(new SnapshotName("next"), frozen));
    // then
    String message = told.error().orElseThrow().message();
    assertEquals(ErrorCode.ALREADY_FROZEN, told.error().orElseThrow().code());
    assertTrue(message.contains(ID + " (snapshot nightly)"), message);
    assertTrue(message.contains("stillpoint recover"), message);
  }

  @Test
  void anotherLifeOfTheMachineIsNotThawed() {
    // given
    written(Phase.HOLDING, machine(GONE), true, true);
    freeze();
    paused = true;
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertTrue(agent.guestFrozen());
    assertTrue(paused);
  }

  @Test
  void aProxyBeforeTheAgentIsNotTakenForAnotherMachine() {
    // given: the machine's process lives, and what answers is a program that is no QEMU
    long parent = ProcessHandle.current().parent().orElseThrow().pid();
    written(
        Phase.HOLDING, machine(ProcessIdentity.of(parent).orElseThrow().toString()), true, false);
    freeze();
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertFalse(agent.guestFrozen());
  }

  @Test
  void aPeerThatIsNoQemuIsNoIncarnationOfAMachine() {
    var peer = OptionalLong.of(ProcessHandle.current().pid());

    assertEquals(Optional.empty(), MachineLook.ofAgent(agent.endpoint(), peer).incarnation());
  }

  @Test
  void aMachineThatCannotBeReachedAndMayLiveIsStillOwed() {
    // given
    String ours = ProcessIdentity.current().toString();
    MachineIdentity hidden =
        new MachineIdentity(gone().monitor(), gone().agent(), Optional.of(ours), Optional.empty());
    written(Phase.HOLDING, hidden, true, false);
    // when
    RecoveredOperation one = Recovery.of(journal).thawBound(Duration.ofMillis(300)).run().get(0);
    // then
    assertEquals(State.MAYBE_FROZEN, one.state(), one::toString);
  }

  @Test
  void aMachineThatSomebodyHasIsLeftAlone() {
    // given
    written(Phase.HOLDING, living(), true, false);
    freeze();
    try (MachineLock lock =
        MachineLock.take(List.of(agent.endpoint()), "cafe0002", "snapshot hourly")) {
      assertTrue(MachineLock.owner(List.of(agent.endpoint())).isPresent(), lock::toString);
      // when
      RecoveredOperation one = recovered();
      // then
      assertEquals(State.OWNED, one.state());
      assertTrue(
          one.notes().get(0).contains("operation cafe0002 (snapshot hourly)"), one::toString);
      assertTrue(agent.guestFrozen());
    }
  }

  @Test
  void aRecoveryThatEndedInTheMiddleIsTakenUpByTheNext() throws IOException {
    // given
    Path overlay = file("overlay");
    nodes.addAll(List.of("sp-" + ID + "-1-file", "sp-" + ID + "-1-overlay"));
    attached.add("node1");
    written(Phase.HOLDING, living(), true, false, disk(1, overlay, Optional.of(number(overlay))));
    freeze();
    monitor.fault("blockdev-del", Fault.CLOSED);
    // when
    RecoveredOperation first = recovered();
    // then
    assertEquals(State.LEFT, first.state(), first::toString);
    assertFalse(agent.guestFrozen());
    assertTrue(Files.exists(overlay));
    assertEquals(State.SETTLED, recovered().state());
    assertFalse(Files.exists(overlay));
    assertEquals(List.of(), nodes);
    assertEquals(1, agent.thaws());
  }

  @Test
  void aSnapshotNamesTheEarlierOperationThatDidNotEnd() {
    // given
    written(Phase.HOLDING, living(), true, false);
    try (QmpClient qmp = QmpClient.connect(monitor.endpoint()).join();
        QgaClient qga = QgaClient.connect(agent.endpoint()).join()) {
      // when
      SnapshotResult result =
          SnapshotEngine.builder()
              .monitor(qmp)
              .agent(qga)
              .journal(journal)
              .build()
              .start(SnapshotRequest.named("next"))
              .result()
              .toCompletableFuture()
              .orTimeout(30, TimeUnit.SECONDS)
              .join();
      // then
      assertTrue(
          result.warnings().stream()
              .anyMatch(one -> one.contains(ID + " (snapshot nightly)") && one.contains("recover")),
          result::toString);
    }
  }
}
