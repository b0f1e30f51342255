package dev.stillpoint.core.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MethodTraits.Ability;
import dev.stillpoint.core.spi.Remains;
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
public abstract class SnapshotMethodContract extends SnapshotCutContract {

  /** For those who extend it. */
  protected SnapshotMethodContract() {}

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
    LocatedDisk used = newDisk("old");
    DiskSnapshot snapshot = snapshot("nightly", used);
    LocatedDisk disk = atRest(used);
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
    LocatedDisk used = newDisk("old");
    snapshot("nightly", used);
    LocatedDisk disk = atRest(used);
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
  void deleteOfAnOlderOneKeepsTheNewer() throws Exception {
    assume(Ability.DELETE);
    assume(Ability.LIST);
    // given
    LocatedDisk disk = newDisk("first");
    snapshot("weekly", disk);
    write(disk, "second");
    snapshot("nightly", disk);
    write(disk, "third");
    boolean readable =
        await(newMethod().list(disk, deadline())).stream()
            .allMatch(one -> one.backupSource().isPresent());
    // when
    await(newMethod().delete(disk, new SnapshotName("weekly"), deadline()));
    // then
    List<StoredSnapshot> left = await(newMethod().list(disk, deadline()));
    assertEquals(List.of("nightly"), left.stream().map(StoredSnapshot::name).toList());
    if (readable) {
      assertEquals("second", readBackup(left.get(0).backupSource().orElseThrow()));
    }
    assertEquals("third", read(disk));
  }

  @Test
  void aDiskAtRestKeepsItsContentWhenItsSnapshotsAreDeleted() throws Exception {
    assume(Ability.DELETE);
    // given
    LocatedDisk used = newDisk("first");
    snapshot("weekly", used);
    write(used, "second");
    snapshot("nightly", used);
    write(used, "third");
    LocatedDisk disk = atRest(used);
    for (String name : List.of("weekly", "nightly")) {
      // when
      Optional<DiskSource> moved =
          await(newMethod().delete(disk, new SnapshotName(name), deadline()));
      // then
      disk = new LocatedDisk(disk.selected(), moved.orElse(disk.source()), disk.guest());
      assertEquals("third", read(disk));
    }
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
}
