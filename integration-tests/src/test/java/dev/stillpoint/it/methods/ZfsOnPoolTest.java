package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.storage.ZfsFusePool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the method {@code zfs} makes of a real pool that is not as one would like it. */
@Timeout(60)
class ZfsOnPoolTest {
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");
  private static final long SIZE = 256L << 20;
  private static final int MEBIBYTE = 1 << 20;

  private static @Nullable ZfsFusePool pool;
  private static int datasets;

  private final ZfsDisks disks = new ZfsDisks(pool());
  private final SnapshotMethod method = disks.method();

  @BeforeAll
  static void start() {
    pool = ZfsFusePool.create(SIZE);
  }

  @AfterAll
  static void end() {
    pool().close();
  }

  private static ZfsFusePool pool() {
    return Objects.requireNonNull(pool);
  }

  private static String newName() {
    return "odd" + datasets++;
  }

  private static Deadline deadline() {
    return Deadline.after(Duration.ofSeconds(30));
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static Failure failure(CompletionStage<?> stage) {
    var thrown = assertThrows(CompletionException.class, () -> await(stage));
    return ((SnapshotException) Objects.requireNonNull(thrown.getCause())).failure();
  }

  private static CutOrder order(LocatedDisk... ordered) {
    return new CutOrder("0a0b0c0d", NIGHTLY, List.of(ordered));
  }

  private DiskSnapshot snapshot(LocatedDisk disk) {
    Cut cut = await(method.check(order(disk), deadline()));
    await(cut.prepare(deadline()));
    await(cut.cut(deadline()));
    Settlement settled = await(cut.settle(deadline()));
    await(cut.clean(deadline()));
    assertEquals(Settlement.State.APPLIED, settled.state());
    return settled.disks().get(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "two words.raw",
        "quote's \"and\" more",
        "-rf",
        "--",
        "a\nb",
        "back\\slash",
        "$(touch x);`y`",
        "ü€",
        "percent%s@at"
      })
  void anyFileNameWorks(String name) throws Exception {
    // given
    LocatedDisk disk = ZfsDisks.disk(pool().createDataset(newName()).resolve(name), "old");
    // when
    DiskSnapshot snapshot = snapshot(disk);
    ZfsDisks.write(ZfsDisks.file(disk), "new");
    // then
    assertEquals("old", disks.readBackup(snapshot.backupSource()));
    await(method.revert(disk, NIGHTLY, deadline()));
    assertEquals("old", ZfsDisks.read(ZfsDisks.file(disk)));
  }

  @Test
  void aDatasetWithASpaceInItsName() throws Exception {
    // given
    LocatedDisk disk = ZfsDisks.disk(pool().createDataset("two words").resolve("d"), "old");
    // when
    DiskSnapshot snapshot = snapshot(disk);
    // then
    assertEquals("old", disks.readBackup(snapshot.backupSource()));
  }

  @Test
  void aFileThatIsALinkIsWhatItLeadsTo() throws Exception {
    // given
    Path dataset = pool().createDataset(newName());
    ZfsDisks.disk(dataset.resolve("real"), "old");
    Path link = Files.createSymbolicLink(pool().at("link"), dataset.resolve("real"));
    // when
    DiskSnapshot snapshot = snapshot(ZfsDisks.disk(link));
    // then
    assertEquals("old", disks.readBackup(snapshot.backupSource()));
  }

  @Test
  void twoPoolsAreNotOneInstantAndEachGetsItsSnapshot() throws Exception {
    // given
    String other = pool().addPool("b", 64L << 20);
    LocatedDisk one = disks.newDisk("one");
    LocatedDisk two = ZfsDisks.disk(pool().at(other).resolve("d"), "two");
    // when
    Cut cut = await(method.check(order(one, two), deadline()));
    await(cut.prepare(deadline()));
    await(cut.cut(deadline()));
    Settlement settled = await(cut.settle(deadline()));
    // then
    assertFalse(cut.isOneInstant());
    assertEquals(Settlement.State.APPLIED, settled.state());
    assertEquals(2, settled.disks().size());
    await(cut.undo(deadline()));
  }

  @Test
  void disksOfOneDatasetShareASnapshotAndAreOneInstant() throws Exception {
    // given
    Path dataset = pool().createDataset(newName());
    LocatedDisk one = ZfsDisks.disk(dataset.resolve("one"), "one");
    LocatedDisk two = ZfsDisks.disk(dataset.resolve("two"), "two");
    // when
    Cut cut = await(method.check(order(one, two), deadline()));
    await(cut.prepare(deadline()));
    await(cut.cut(deadline()));
    List<DiskSnapshot> found = await(cut.settle(deadline())).disks();
    // then
    assertTrue(cut.isOneInstant());
    assertEquals("one", disks.readBackup(found.get(0).backupSource()));
    assertEquals("two", disks.readBackup(found.get(1).backupSource()));
  }

  @Test
  void aRevertTakesNoOtherFileBack() throws Exception {
    // given
    LocatedDisk disk = disks.newDisk("old");
    snapshot(disk);
    Path other = ZfsDisks.file(disk).resolveSibling("other");
    Files.writeString(other, "written later");
    ZfsDisks.write(ZfsDisks.file(disk), "new");
    // when
    Failure failure = failure(method.revert(disk, NIGHTLY, deadline()));
    // then
    assertEquals(ErrorCode.DISK_UNSUITABLE, failure.code());
    assertTrue(failure.message().startsWith("there are other files in"), failure::message);
    assertEquals("written later", Files.readString(other));
    assertEquals("new", ZfsDisks.read(ZfsDisks.file(disk)));
  }

  @Test
  void aRevertTakesNoFileBackThatAMountHides() throws Exception {
    // given
    Path dataset = pool().createDataset(newName());
    LocatedDisk disk = ZfsDisks.disk(dataset.resolve("d"), "old");
    Path below = Files.createDirectory(dataset.resolve("below"));
    snapshot(disk);
    Path hidden = Files.writeString(below.resolve("hidden"), "newer than the snapshot");
    HostCommand.run(dataset, List.of("mount", "-t", "tmpfs", "none", below.toString()));
    try {
      // when, then zfs-fuse has nothing to copy from
      Failure failure = failure(method.revert(disk, NIGHTLY, deadline()));
      assertEquals(ErrorCode.DISK_UNSUITABLE, failure.code(), failure::toString);
    } finally {
      HostCommand.run(dataset, List.of("umount", below.toString()));
    }
    assertEquals("newer than the snapshot", Files.readString(hidden));
  }

  @Test
  void aRevertDestroysNoNewerSnapshot() throws Exception {
    // given
    LocatedDisk disk = disks.newDisk("old");
    snapshot(disk);
    ZfsDisks.write(ZfsDisks.file(disk), "new");
    pool().zfs("snapshot", datasetOf(disk) + "@newer");
    List<String> before = pool().contents();
    // when
    Failure failure = failure(method.revert(disk, NIGHTLY, deadline()));
    // then
    assertEquals(ErrorCode.DISK_UNSUITABLE, failure.code());
    assertTrue(failure.message().startsWith("there are newer snapshots"), failure::message);
    assertEquals(before, pool().contents());
    assertEquals("new", ZfsDisks.read(ZfsDisks.file(disk)));
  }

  private static String datasetOf(LocatedDisk disk) {
    Path below = pool().mountPoint().relativize(ZfsDisks.file(disk));
    return pool().name() + "/" + below.getParent();
  }

  @Test
  void aSnapshotWithACloneIsKeptAndSaysSo() throws Exception {
    // given
    LocatedDisk disk = disks.newDisk("old");
    snapshot(disk);
    pool().cloned(datasetOf(disk) + "@nightly", "kept");
    List<String> before = pool().contents();
    // when
    Failure failure = failure(method.delete(disk, NIGHTLY, deadline()));
    // then
    assertEquals(ErrorCode.CLEANUP_FAILED, failure.code());
    assertTrue(failure.message().contains("has clones"), failure::message);
    assertEquals(before, pool().contents());
    pool().destroyClone("kept");
    await(method.delete(disk, NIGHTLY, deadline()));
  }

  @Test
  void aMarkThatIsHandedDownIsNobodys() throws Exception {
    // given a dataset that says of itself what only a snapshot may say
    LocatedDisk disk = disks.newDisk("old");
    Cut cut = await(method.check(order(disk), deadline()));
    pool().zfs("set", "dev.stillpoint:operation=0a0b0c0d", datasetOf(disk));
    pool().zfs("snapshot", datasetOf(disk) + "@nightly");
    // when
    var remains = await(method.find("0a0b0c0d", cut.inventory(), deadline()));
    await(method.discard("0a0b0c0d", cut.inventory(), deadline()));
    // then
    assertEquals(List.of(), remains.present());
    assertEquals(1, remains.doubtful().size());
    assertTrue(pool().zfs("list", "-t", "snapshot").contains(datasetOf(disk) + "@nightly"));
  }

  @Test
  void aDatasetWithoutRoomIsRefused() throws Exception {
    // given
    Path dataset = pool().createDataset(newName(), "-o", "quota=4M");
    LocatedDisk disk = ZfsDisks.disk(dataset.resolve("d"), "old");
    fill(dataset.resolve("filling"));
    List<String> before = pool().contents();
    // when
    Failure failure = failure(method.check(order(disk), deadline()));
    // then
    assertEquals(ErrorCode.NO_SPACE, failure.code(), failure::toString);
    assertEquals(before, pool().contents());
  }

  private static void fill(Path file) {
    byte[] noise = new byte[MEBIBYTE];
    new java.util.Random(1).nextBytes(noise);
    try (var out = Files.newOutputStream(file)) {
      while (true) {
        out.write(noise);
      }
    } catch (IOException full) {
      // As it should be. What is promised to be written is counted only once it is.
      pool().zfs("snapshot", pool().name() + "@synced" + datasets++);
    }
  }

  @Test
  void aReadOnlyDatasetCanBeCut() throws Exception {
    // given
    LocatedDisk disk = disks.newDisk("old");
    pool().zfs("set", "readonly=on", datasetOf(disk));
    // when
    DiskSnapshot snapshot = snapshot(disk);
    // then
    assertEquals("old", disks.readBackup(snapshot.backupSource()));
  }

  @Test
  void otherSnapshotsAreListedAndThoseWhoseNameIsNotOursHaveNoSource() throws Exception {
    // given
    LocatedDisk disk = disks.newDisk("old");
    pool().zfs("snapshot", datasetOf(disk) + "@auto:2026");
    snapshot(disk);
    pool().createDataset(pool().mountPoint().relativize(ZfsDisks.file(disk)).getParent() + "/in");
    // when
    var found = await(method.list(disk, deadline()));
    // then
    assertEquals(List.of("auto:2026", "nightly"), found.stream().map(one -> one.name()).toList());
    assertTrue(found.get(0).backupSource().isEmpty());
    assertTrue(found.get(0).created().isPresent());
  }

  @Test
  void theDatasetOfADiskThatIsNotSeenHereCanBeTold() throws Exception {
    // given
    String dataset = datasetOf(disks.newDisk("old"));
    LocatedDisk seen = disks.newDisk("old");
    var far =
        new LocatedDisk(
            SelectedDisk.named("far").withMethod("zfs").withOption("dataset", dataset),
            new DiskSource.Remote("nbd://host/far", "raw"),
            seen.guest());
    // when
    DiskSnapshot snapshot = snapshot(far);
    // then
    assertEquals(
        new DiskSource.Remote("zfs:" + dataset + "@nightly", "raw"), snapshot.backupSource());
    assertEquals(ErrorCode.DISK_IN_USE, failure(method.revert(far, NIGHTLY, deadline())).code());
    await(method.delete(far, NIGHTLY, deadline()));
    for (String wrong : List.of("nowhere/at/all", "-rf", "a@b", "", "a%b")) {
      var wronged =
          new LocatedDisk(
              SelectedDisk.named("far").withMethod("zfs").withOption("dataset", wrong),
              far.source(),
              far.guest());
      assertTrue(
          List.of(ErrorCode.BAD_REQUEST, ErrorCode.DISK_UNSUITABLE)
              .contains(failure(method.check(order(wronged), deadline())).code()));
    }
    var elsewhere =
        new LocatedDisk(
            seen.selected().withOption("dataset", dataset), seen.source(), seen.guest());
    assertEquals(
        ErrorCode.DISK_UNSUITABLE, failure(method.check(order(elsewhere), deadline())).code());
  }
}
