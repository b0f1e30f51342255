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
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.SnapshotMethod;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The first part of {@link SnapshotMethodContract}: a cut from the check to the end, and what is
 * refused.
 */
public abstract class SnapshotCutContract extends SnapshotMethodBench {

  /** For those who extend it. */
  protected SnapshotCutContract() {}

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
    assertTrue(
        method.traits().backupSources().contains(snapshot.backupSource().getClass()),
        snapshot::toString);
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
    await(cut.clean(deadline()));
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
}
