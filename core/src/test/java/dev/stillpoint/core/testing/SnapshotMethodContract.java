package dev.stillpoint.core.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits.Ability;
import dev.stillpoint.core.spi.Remains;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.StoredSnapshot;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * What every {@link SnapshotMethod} must pass, without any guest. Extend it beside the method, give
 * it what {@link SnapshotMethodBench} asks for, and it runs.
 */
public abstract class SnapshotMethodContract extends SnapshotMethodBench {
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");

  /** How far an operation comes before its process is killed, or it is given up. */
  private enum Phase {
    CHECKED,
    RESERVED,
    PREPARED
  }

  /** For those who extend it. */
  protected SnapshotMethodContract() {}

  @Test
  void aBackupIsTheDiskAtTheCutAndStaysSo() throws Exception {
    // given
    LocatedDisk disk = newDisk("before the preparation");
    SnapshotMethod method = newMethod();
    Cut cut = prepared(method, order("nightly", disk));
    assertEquals(List.of(disk.guest()), cut.disks());
    assertFalse(cut.expectedTime().isNegative());
    write(disk, "at the cut");
    // when
    DiskSnapshot snapshot = applied(cut).get(0);
    write(disk, "after the cut");
    // then
    assertEquals("at the cut", readBackup(snapshot.backupSource()));
    assertEquals("after the cut", read(disk));
    assertEquals(disk.name(), snapshot.disk());
    assertEquals(method.name(), snapshot.method());
    assertEquals(method.traits().keepsDisk(), snapshot.modifiedDisk().isEmpty());
  }

  @Test
  void cleaningAfterwardsKeepsTheSnapshot() throws Exception {
    // given
    LocatedDisk disk = newDisk("old");
    Cut cut = prepared(newMethod(), order("nightly", disk));
    DiskSnapshot snapshot = applied(cut).get(0);
    // when
    await(cut.clean(deadline()));
    await(cut.clean(deadline()));
    write(disk, "new");
    // then
    assertEquals("old", readBackup(snapshot.backupSource()));
  }

  @Test
  void anUndoneCutLeavesNothingAndTheMachineLosesNoWrite() throws Exception {
    // given
    LocatedDisk disk = newDisk("old");
    Set<String> before = contents();
    Cut cut = prepared(newMethod(), order("nightly", disk));
    applied(cut);
    assertNotEquals(before, contents());
    write(disk, "new");
    // when
    await(cut.undo(deadline()));
    await(cut.undo(deadline()));
    await(cut.clean(deadline()));
    // then
    assertEquals(before, contents());
    assertEquals("new", read(disk));
    assertTrue(cut.inventory().stream().allMatch(one -> one.belongings().isEmpty()));
  }

  @Test
  void whatIsGivenUpBeforeTheCutLeavesNothing() throws Exception {
    for (Phase phase : Phase.values()) {
      // given
      LocatedDisk disk = newDisk("old");
      Set<String> before = contents();
      Cut cut = upTo(phase, newMethod(), order("nightly", disk));
      // when
      await(cut.clean(deadline()));
      await(cut.clean(deadline()));
      // then
      assertEquals(before, contents(), phase::toString);
      assertEquals("old", read(disk), phase::toString);
      assertTrue(cut.inventory().stream().allMatch(one -> one.belongings().isEmpty()));
    }
  }

  @Test
  void theInventoryTellsFromTheCheckOnWhatIsMade() throws Exception {
    // given
    LocatedDisk disk = newDisk("old");
    SnapshotMethod method = newMethod();
    Cut cut = await(method.check(order("nightly", disk), deadline()));
    // when
    Inventory inventory = cut.inventory().get(0);
    // then
    assertEquals(1, cut.inventory().size());
    assertEquals(disk.name(), inventory.disk());
    assertEquals(method.name(), inventory.method());
    assertFalse(inventory.belongings().isEmpty());
    assertFalse(inventory.source().isEmpty());
    await(cut.clean(deadline()));
  }

  @Test
  void aSnapshotThatExistsIsRefusedAndNotTouched() throws Exception {
    // given
    LocatedDisk disk = newDisk("old");
    DiskSnapshot first = snapshot("nightly", disk);
    Set<String> before = contents();
    write(disk, "new");
    // when, then
    assertRefused(
        ErrorCode.SNAPSHOT_EXISTS, disk, newMethod().check(order("nightly", disk), deadline()));
    assertEquals("old", readBackup(first.backupSource()));
    assertEquals(before, contents());
  }

  @Test
  void soIsOneOfSomebodyElse() throws Exception {
    // given
    LocatedDisk disk = newDisk("old");
    plant(disk, NIGHTLY);
    Set<String> before = contents();
    // when, then
    assertRefused(
        ErrorCode.SNAPSHOT_EXISTS, disk, newMethod().check(order("nightly", disk), deadline()));
    assertEquals(before, contents());
  }

  @Test
  void aSnapshotThatAppearsBeforeTheCutMakesItFailAndIsNotTouched() throws Exception {
    // given
    LocatedDisk other = newDisk("other");
    LocatedDisk disk = newDisk("old");
    Cut cut = await(newMethod().check(order("nightly", other, disk), deadline()));
    plant(disk, NIGHTLY);
    Set<String> before = contents();
    // when
    assertThrows(
        SnapshotException.class,
        () -> {
          await(cut.reserve(deadline()));
          await(cut.prepare(deadline()));
          await(cut.cut(deadline()));
        });
    Settlement settlement = await(cut.settle(deadline()));
    await(cut.undo(deadline()));
    await(cut.clean(deadline()));
    // then
    assertNotEquals(Settlement.State.APPLIED, settlement.state());
    assertEquals(before, contents());
  }

  @Test
  void twoDisksAreCutTogetherAndUndoneTogether() throws Exception {
    // given
    LocatedDisk one = newDisk("one");
    LocatedDisk two = newDisk("two");
    Set<String> before = contents();
    Cut cut = prepared(newMethod(), order("nightly", one, two));
    // when
    List<DiskSnapshot> snapshots = applied(cut);
    write(one, "one later");
    write(two, "two later");
    // then
    assertEquals("one", readBackup(snapshots.get(0).backupSource()));
    assertEquals("two", readBackup(snapshots.get(1).backupSource()));
    await(cut.undo(deadline()));
    assertEquals(before, contents());
  }

  @Test
  void twoOperationsOfOneObjectDoNotDisturbEachOther() throws Exception {
    // given
    LocatedDisk mine = newDisk("mine");
    LocatedDisk other = newDisk("other");
    SnapshotMethod method = newMethod();
    Cut cut = prepared(method, order("nightly", mine));
    var otherOrder = new CutOrder(OTHER_OPERATION, new SnapshotName("weekly"), List.of(other));
    Cut otherCut = prepared(method, otherOrder);
    DiskSnapshot snapshot = applied(cut).get(0);
    DiskSnapshot otherSnapshot = applied(otherCut).get(0);
    // when
    await(cut.undo(deadline()));
    // then
    assertNotEquals(snapshot.backupSource(), otherSnapshot.backupSource());
    assertEquals("other", readBackup(otherSnapshot.backupSource()));
  }

  @Test
  void anOptionThatItDoesNotKnowIsRefused() throws Exception {
    // given
    LocatedDisk disk = newDisk("old");
    SelectedDisk selected = disk.selected().withOption("no-such-option", "1");
    var asked = new LocatedDisk(selected, disk.source(), disk.guest());
    // when, then
    assertRefused(
        ErrorCode.BAD_REQUEST, disk, newMethod().check(order("nightly", asked), deadline()));
  }

  @Test
  void aDiskThatItCannotServeIsRefused() throws Exception {
    // given
    LocatedDisk disk = newUnservableDisk();
    Set<String> before = contents();
    // when, then
    assertRefused(
        ErrorCode.DISK_UNSUITABLE, disk, newMethod().check(order("nightly", disk), deadline()));
    assertEquals(before, contents());
  }

  @Test
  void listNamesWhatIsThere() throws Exception {
    assume(Ability.LIST);
    // given
    LocatedDisk disk = newDisk("first");
    assertEquals(List.of(), await(newMethod().list(disk, deadline())));
    snapshot("zero", disk);
    write(disk, "second");
    snapshot("another", disk);
    write(disk, "third");
    // when
    List<StoredSnapshot> found = await(newMethod().list(disk, deadline()));
    // then
    assertEquals(
        Set.of("zero", "another"), Set.copyOf(found.stream().map(StoredSnapshot::name).toList()));
    assertEquals(2, found.size(), found::toString);
    for (StoredSnapshot one : found) {
      assertEquals(newMethod().name(), one.method());
      assertEquals(Optional.empty(), one.trouble());
      if (one.backupSource().isPresent()) {
        String expected = one.name().equals("zero") ? "first" : "second";
        assertEquals(expected, readBackup(one.backupSource().get()));
      }
    }
  }

  @Test
  void revertBringsThePointBackAsOftenAsOneLikes() throws Exception {
    assume(Ability.REVERT);
    // given
    LocatedDisk disk = newDisk("old");
    DiskSnapshot snapshot = snapshot("nightly", disk);
    Set<String> before = contents();
    for (String later : List.of("new", "newer")) {
      write(disk, later);
      // when
      await(newMethod().revert(disk, NIGHTLY, deadline()));
      // then
      assertEquals("old", read(disk));
      assertEquals("old", readBackup(snapshot.backupSource()));
      assertEquals(before.size(), contents().size());
    }
    assertRefused(
        ErrorCode.NO_SUCH_SNAPSHOT,
        disk,
        newMethod().revert(disk, new SnapshotName("weekly"), deadline()));
  }

  @Test
  void aDiskInUseIsNotReverted() throws Exception {
    assume(Ability.REVERT);
    // given
    LocatedDisk disk = newDisk("old");
    snapshot("nightly", disk);
    write(disk, "new");
    try (AutoCloseable inUse = use(disk)) {
      assertFalse(inUse.toString().isEmpty());
      Set<String> before = contents();
      // when, then
      assertRefused(ErrorCode.DISK_IN_USE, disk, newMethod().revert(disk, NIGHTLY, deadline()));
      assertEquals(before, contents());
    }
    assertEquals("new", read(disk));
  }

  @Test
  void deleteRemovesTheNamedOneAndNothingElse() throws Exception {
    assume(Ability.DELETE);
    // given
    LocatedDisk disk = newDisk("old");
    DiskSnapshot kept = snapshot("weekly", disk);
    Set<String> before = contents();
    write(disk, "new");
    snapshot("nightly", disk);
    // when
    await(newMethod().delete(disk, NIGHTLY, deadline()));
    // then
    assertEquals(before, contents());
    assertEquals("old", readBackup(kept.backupSource()));
    assertEquals("new", read(disk));
    assertRefused(ErrorCode.NO_SUCH_SNAPSHOT, disk, newMethod().delete(disk, NIGHTLY, deadline()));
  }

  @Test
  void whatItCannotDoIsRefused() throws Exception {
    // given
    LocatedDisk disk = newDisk("old");
    SnapshotMethod method = newMethod();
    Set<Ability> can = method.traits().abilities();
    // when, then
    if (!can.contains(Ability.LIST)) {
      assertRefused(ErrorCode.DISK_UNSUITABLE, disk, method.list(disk, deadline()));
    }
    if (!can.contains(Ability.REVERT)) {
      assertRefused(ErrorCode.DISK_UNSUITABLE, disk, method.revert(disk, NIGHTLY, deadline()));
    }
    if (!can.contains(Ability.DELETE)) {
      assertRefused(ErrorCode.DISK_UNSUITABLE, disk, method.delete(disk, NIGHTLY, deadline()));
    }
  }

  @Test
  void anotherProcessFindsAndDiscardsACutWhoseOwnerWasKilled() throws Exception {
    // given
    LocatedDisk disk = newDisk("old");
    Set<String> before = contents();
    Cut cut = prepared(newMethod(), order("nightly", disk));
    List<Inventory> written = fromJournal(cut.inventory());
    await(cut.cut(deadline()));
    write(disk, "new");
    // when
    Remains remains = await(newMethod().find(OPERATION, written, deadline()));
    // then
    assertEquals(1, remains.present().size(), remains::toString);
    assertEquals(List.of(), remains.absent());
    assertEquals(List.of(), remains.doubtful());
    assertEquals(disk.name(), remains.present().get(0).disk());
    assertEquals("old", readBackup(remains.present().get(0).backupSource()));
    await(newMethod().discard(OPERATION, written, deadline()));
    await(newMethod().discard(OPERATION, written, deadline()));
    assertEquals(before, contents());
    assertEquals("new", read(disk));
    assertEquals(
        List.of(disk.name()), await(newMethod().find(OPERATION, written, deadline())).absent());
  }

  @Test
  void anotherProcessFindsNothingOfACutThatWasNotYetMadeAndDiscardsWhatWasBegun() throws Exception {
    for (Phase phase : Phase.values()) {
      // given
      LocatedDisk disk = newDisk("old");
      Set<String> before = contents();
      Cut cut = upTo(phase, newMethod(), order("nightly", disk));
      List<Inventory> written = fromJournal(cut.inventory());
      // when
      Remains remains = await(newMethod().find(OPERATION, written, deadline()));
      await(newMethod().discard(OPERATION, written, deadline()));
      // then
      assertEquals(new Remains(List.of(), List.of(disk.name()), List.of()), remains);
      assertEquals(before, contents(), phase::toString);
    }
  }

  @Test
  void whatIsNotTheOperationsIsDoubtfulAndNeverRemoved() throws Exception {
    // given
    LocatedDisk disk = newDisk("old");
    Cut cut = prepared(newMethod(), order("nightly", disk));
    List<Inventory> written = fromJournal(cut.inventory());
    DiskSnapshot snapshot = applied(cut).get(0);
    Set<String> before = contents();
    // when
    Remains remains = await(newMethod().find(OTHER_OPERATION, written, deadline()));
    await(newMethod().discard(OTHER_OPERATION, written, deadline()));
    // then
    assertEquals(List.of(), remains.present());
    assertEquals(List.of(), remains.absent());
    assertEquals(1, remains.doubtful().size(), remains::toString);
    assertEquals(before, contents());
    assertEquals("old", readBackup(snapshot.backupSource()));
  }

  @Test
  void noStageHoldsItsCaller() throws Exception {
    // given
    LocatedDisk disk = newDisk("old");
    var gate = new HeldStages();
    SnapshotMethod method = newMethod(gate);
    // when, then
    Cut cut = gate.through(() -> method.check(order("nightly", disk), deadline()));
    gate.through(() -> cut.reserve(deadline()));
    gate.through(() -> cut.prepare(deadline()));
    gate.through(() -> cut.cut(deadline()));
    gate.through(() -> cut.settle(deadline()));
    gate.through(() -> cut.undo(deadline()));
    gate.through(() -> cut.clean(deadline()));
    assertTrue(gate.wasMet());
  }

  private static Cut upTo(Phase phase, SnapshotMethod method, CutOrder order) throws Exception {
    Cut cut = await(method.check(order, deadline()));
    if (phase.compareTo(Phase.RESERVED) >= 0) {
      await(cut.reserve(deadline()));
    }
    if (phase.compareTo(Phase.PREPARED) >= 0) {
      await(cut.prepare(deadline()));
    }
    return cut;
  }
}
