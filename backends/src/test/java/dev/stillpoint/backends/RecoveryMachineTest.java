package dev.stillpoint.backends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.backends.journal.GuardNote;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.core.spi.MachineIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which machine it is that answers, what its guard has done, and what others are told. */
@Timeout(60)
class RecoveryMachineTest extends RecoveryScene {
  private static final String UUID = "11111111-2222-3333-4444-555555555555";
  private static final String ANOTHER = "66666666-2222-3333-4444-555555555555";

  private static MachineIdentity withUuid(MachineIdentity machine, Optional<String> incarnation) {
    return new MachineIdentity(machine.monitor(), machine.agent(), incarnation, Optional.of(UUID));
  }

  private void answersAs(String uuid) {
    monitor.on("query-uuid").returns("{'UUID':'" + uuid + "'}");
  }

  private Inventory prepared() throws IOException {
    Path overlay = file("overlay");
    nodes.addAll(List.of("sp-" + ID + "-1-file", "sp-" + ID + "-1-overlay", "node1"));
    attached.add("node1");
    return disk(1, overlay, Optional.of(number(overlay)));
  }

  @Test
  void aThawThatTheGuardHasProvedIsNotDoneAgain() throws IOException {
    // given
    written(Phase.HOLDING, living(), true, false, prepared());
    new GuardNote(ID, "thawed").append(journal.fileOf(ID));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertEquals(0, agent.thaws());
    assertTrue(one.notes().get(0).contains("guard has thawed"), one::toString);
    assertFalse(Files.exists(directory.resolve("overlay")));
  }

  @Test
  void aThawBeforeAnOwnerWhoOnlyStoodStillProvesNothing() throws IOException {
    // given: he went on, wrote the freeze that he was about to write, and was killed
    written(Phase.HOLDING, living(), true, false, prepared());
    new GuardNote(ID, GuardNote.IN_STANDSTILL).append(journal.fileOf(ID));
    freeze();
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertFalse(agent.guestFrozen());
  }

  @Test
  void whatWasSaidAfterTheGuardsProofIsOwedAnew() throws IOException {
    for (String after : List.of("{\"torn", "")) {
      // given
      written(Phase.HOLDING, living(), true, false);
      new GuardNote(ID, "thawed").append(journal.fileOf(ID));
      if (after.isEmpty()) {
        written(Phase.HOLDING, living(), true, false);
      } else {
        Files.writeString(journal.fileOf(ID), after, StandardOpenOption.APPEND);
      }
      freeze();
      // when
      RecoveredOperation one = recovered();
      // then
      assertEquals(State.SETTLED, one.state(), one::toString);
      assertFalse(agent.guestFrozen());
    }
  }

  @Test
  void theMachineItselfIsKnownByItsUuid() throws IOException {
    // given
    answersAs(UUID);
    written(Phase.HOLDING, withUuid(living(), living().incarnation()), true, false, prepared());
    freeze();
    // then
    assertEquals(State.SETTLED, recovered().state());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void anotherMachineAtItsSocketsIsNotTouched() throws IOException {
    // given: which process it was is not known, as over TCP; or it is the same, as behind a proxy
    answersAs(ANOTHER);
    Inventory disk = prepared();
    freeze();
    for (Optional<String> incarnation : List.of(Optional.<String>empty(), living().incarnation())) {
      written(Phase.HOLDING, withUuid(living(), incarnation), true, true, disk);
      paused = true;
      // when
      RecoveredOperation one = Recovery.of(journal).thawBound(Duration.ofSeconds(1)).run().get(0);
      // then
      assertEquals(State.MAYBE_FROZEN, one.state(), one::toString);
      assertTrue(one.left().get(0).contains("another machine answers"), one::toString);
      assertTrue(agent.guestFrozen() && paused);
      assertEquals(3, nodes.size());
      assertTrue(Files.exists(directory.resolve("overlay")));
    }
  }

  @Test
  void anotherMachineKeepsItsNodesAlsoWhereNothingIsOwed() throws IOException {
    // given
    answersAs(ANOTHER);
    written(Phase.PREPARING, withUuid(living(), Optional.empty()), false, false, prepared());
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state(), one::toString);
    assertEquals(3, nodes.size());
    assertTrue(Files.exists(directory.resolve("overlay")));
  }

  @Test
  void aNewLifeThatWasStartedFromTheOverlayKeepsIt() throws IOException {
    // given: another process, of the same uuid
    answersAs(UUID);
    Path overlay = file("overlay");
    attached.add(overlay.toString().substring(1));
    nodes.add(overlay.toString().substring(1));
    Inventory disk = disk(1, overlay, Optional.of(number(overlay)));
    written(Phase.HOLDING, withUuid(living(), Optional.of(GONE)), true, true, disk);
    freeze();
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertEquals(1, one.disks().size(), one::toString);
    assertTrue(agent.guestFrozen());
    assertTrue(Files.exists(overlay));
  }

  @Test
  void aDiskThatWasUnpluggedAfterTheCutKeepsItsOverlay() throws IOException {
    // given: the node is there, and nothing uses it any more; the newest data is in it
    Inventory disk = prepared();
    attached.clear();
    written(Phase.RELEASED, living(), false, false, disk);
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state(), one::toString);
    assertTrue(one.left().get(0).contains("does not have vd1 any more"), one::toString);
    assertTrue(Files.exists(directory.resolve("overlay")));
    assertEquals(3, nodes.size());
  }

  @Test
  void ofTwoOperationsTheYoungerIsEndedFirst() throws IOException {
    // given: the older one's cut was applied; the younger one prepared overlays above it
    String younger = "cafe0002";
    Instant then = Instant.now().minusSeconds(60);
    Path first = file("first");
    Path second = file("second");
    attached.add("sp-" + ID + "-1-overlay");
    nodes.addAll(List.of("sp-" + ID + "-1-overlay", "sp-" + younger + "-1-overlay"));
    Inventory older = disk(1, first, Optional.of(number(first)));
    writtenAt(ID, then, Phase.RELEASED, older);
    Inventory above = disk(1, second, Optional.of(number(second)));
    writtenAt(
        younger,
        Instant.now(),
        Phase.HOLDING,
        new Inventory(
            "vd1",
            "qemu",
            "prepared",
            first.toString(),
            Optional.of("sp-" + ID + "-1-overlay"),
            Map.of(),
            above.belongings().stream()
                .map(one ->
                    new Inventory.Belonging(
                        one.kind(), one.role(), one.name().replace(ID, younger), one.file()))
                .toList()));
    // when
    List<RecoveredOperation> found = Recovery.of(journal).run();
    // then
    assertEquals(List.of(younger, ID), found.stream().map(RecoveredOperation::operation).toList());
    assertTrue(found.stream().allMatch(one -> one.state() == State.SETTLED), found::toString);
    assertEquals(1, found.get(1).disks().size(), found::toString);
    assertTrue(Files.exists(first));
    assertFalse(Files.exists(second));
  }

  @Test
  void whatIsNotSpelledAsOursInQemuIsNotTouched() throws IOException {
    // given: a journal that names a node of the machine's
    Path overlay = file("overlay");
    nodes.addAll(List.of("system", "node1"));
    attached.add("node1");
    Inventory plain = disk(1, overlay, Optional.of(number(overlay)));
    written(
        Phase.PREPARING,
        living(),
        false,
        false,
        new Inventory(
            "vd1",
            "qemu",
            "prepared",
            plain.source(),
            plain.node(),
            Map.of(),
            List.of(
                plain.belongings().get(0),
                new Inventory.Belonging(
                    Inventory.Kind.NODE, "overlay", "system", Optional.empty()))));
    // then
    assertEquals(State.SETTLED, recovered().state());
    assertEquals(List.of("system", "node1"), nodes);
  }

  @Test
  void askedToStopItBeginsNothing() throws IOException {
    // given
    written(Phase.HOLDING, living(), true, false, prepared());
    freeze();
    // when
    RecoveredOperation one = Recovery.of(journal).run(() -> true).get(0);
    // then
    assertEquals(State.MAYBE_FROZEN, one.state(), one::toString);
    assertTrue(one.left().get(0).contains("asked to stop"), one::toString);
    assertEquals(3, nodes.size());
    assertEquals(State.SETTLED, recovered().state());
  }

  @Test
  void aGuestThatIsOwedAThawIsThawedBeforeItStops() throws IOException {
    // given
    written(Phase.HOLDING, living(), true, false, prepared());
    freeze();
    // when: asked while the thaw is on its way
    RecoveredOperation one = Recovery.of(journal).run(() -> agent.thaws() > 0).get(0);
    // then
    assertEquals(State.LEFT, one.state(), one::toString);
    assertFalse(agent.guestFrozen());
    assertEquals(3, nodes.size());
    assertEquals(State.SETTLED, recovered().state());
  }

  private List<String> warningsOfTheNext(JournalDirectory where) {
    SnapshotResult next = SnapshotResult.notBegun(new SnapshotName("next"), trouble());
    return EarlierOperations.in(where)
        .on(MachineLook.ofAgent(agent.endpoint(), OptionalLong.empty()))
        .toldIn(next)
        .warnings();
  }

  private static Failure trouble() {
    return Failure.of(ErrorCode.CANCELLED, "cancelled");
  }

  @Test
  void theNextSnapshotIsToldOfWhateverMayBeAnEarlierOperation() throws IOException {
    Path state = directory.resolve("state");
    String command = "'stillpoint recover --state-dir " + state + "'";
    // given nothing
    assertEquals(List.of(), warningsOfTheNext(journal));
    // given one whose last line is torn
    written(Phase.PREPARING, living(), false, false, prepared());
    Files.writeString(journal.fileOf(ID), "{\"torn", StandardOpenOption.APPEND);
    assertTrue(
        warningsOfTheNext(journal).get(0).contains(command), warningsOfTheNext(journal)::toString);
    // given one of which nothing can be read: nobody knows whose it is
    Files.writeString(journal.fileOf(ID), "{\"torn");
    List<String> unreadable = warningsOfTheNext(journal);
    assertTrue(
        unreadable.get(0).contains(journal.fileOf(ID) + " cannot be read"), unreadable::toString);
    assertTrue(unreadable.get(0).contains(command), unreadable::toString);
    // given a directory that others may write to
    Files.setPosixFilePermissions(
        state.resolve("operations"), PosixFilePermissions.fromString("rwxrwxrwx"));
    List<String> unsafe = warningsOfTheNext(journal);
    assertTrue(unsafe.get(0).contains("may be written by others"), unsafe::toString);
    // given another state directory: that one's operations are not seen there
    assertEquals(List.of(), warningsOfTheNext(JournalDirectory.in(directory.resolve("other"))));
  }

  @Test
  void aMachineThatGotOtherSocketsIsKnownByItsUuid() throws IOException {
    // given
    written(Phase.PREPARING, withUuid(living(), Optional.of(GONE)), false, false, prepared());
    Optional<String> elsewhere = Optional.of("unix:/elsewhere/qmp.sock");
    for (String uuid : List.of(UUID, "00000000-1111-2222-3333-444444444444")) {
      var now =
          new MachineIdentity(elsewhere, Optional.empty(), Optional.empty(), Optional.of(uuid));
      // when
      List<String> warnings =
          EarlierOperations.in(journal)
              .on(now)
              .toldIn(SnapshotResult.notBegun(new SnapshotName("next"), trouble()))
              .warnings();
      // then
      assertEquals(uuid.equals(UUID) ? 1 : 0, warnings.size(), warnings::toString);
    }
  }

  @Test
  void theCommandToRunCanBePastedIntoAShell() {
    assertEquals(
        "stillpoint recover --state-dir '/a b/it'\\''s'",
        EarlierOperations.recoverCommand(JournalDirectory.in(Path.of("/a b/it's"))));
  }

  @Test
  void anOperationThatFailedAndWhoseOverlayIsUsedAllTheSameKeepsIt() throws IOException {
    // given: the machine has the file open by a node of somebody else's, and no disk writes to it
    Inventory disk = prepared();
    nodes.add(directory.resolve("overlay").toString().substring(1));
    ended(Outcome.FAILED, disk);
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state(), one::toString);
    assertTrue(one.left().get(0).contains("the machine has it open"), one::toString);
    assertTrue(Files.exists(directory.resolve("overlay")));
  }
}
