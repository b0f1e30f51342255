package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.it.Machine;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.oracle.Finding;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.oracle.WriteOrder;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Side;
import dev.stillpoint.testkit.proxy.Trap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of the overlays of a running machine: listed, merged while it writes, reverted. */
@Timeout(180)
class QemuOverlaysOfGuestTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final SnapshotName MONDAY = new SnapshotName("monday");
  private static final SnapshotName TUESDAY = new SnapshotName("tuesday");
  private static final SnapshotName LAST = new SnapshotName("last");

  @TempDir private Path temporary;
  private Path home = Path.of("");

  @BeforeEach
  void resolveHome() throws IOException {
    home = Files.createDirectory(temporary.toRealPath().resolve("it's home"));
  }

  private Guest startGuest() {
    var here = new DiskPlace.Directory(home);
    return WarmGuest.of(GuestConfig.threeDisks()).startWith(Map.of(0, here, 1, here, 2, here));
  }

  private static Machine on(Guest guest) {
    return Machine.on(guest, guest.qmp(), guest.agent());
  }

  private static List<DiskSnapshot> take(Machine machine, SnapshotName name) {
    SnapshotResult result = machine.take(SnapshotRequest.named(name.text()));
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
    return result.disks();
  }

  private static SelectedDisk disk(String name) {
    return SelectedDisk.named(name).withMethod("qemu");
  }

  private static SelectedDisk disk(Path file) {
    return disk(file.toString());
  }

  private static Deadline soon() {
    return Deadline.after(PATIENCE);
  }

  private static List<String> names(List<StoredSnapshot> stored) {
    return stored.stream().map(StoredSnapshot::name).toList();
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(home)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  private static Path file(Optional<DiskSource> source) {
    return FileDisks.file(source.orElseThrow());
  }

  private Path plain(DiskSource image, String name) {
    Path raw = temporary.resolve(name);
    HostCommand.run(
        temporary,
        List.of(
            "qemu-img",
            "convert",
            "-U",
            "-f",
            image.format(),
            "-O",
            "raw",
            image.address(),
            raw.toString()));
    return raw;
  }

  private static void assertRefused(
      ErrorCode code, org.junit.jupiter.api.function.Executable what) {
    SnapshotException refused = assertThrows(SnapshotException.class, what);
    assertEquals(code, refused.failure().code(), refused::getMessage);
  }

  /**
   * Three points in time of three disks: each is clean, and no write of one is before another's.
   */
  private static void assertWhole(List<DiskSnapshot> snapshots, long acknowledged) {
    List<DiskSource> sources = snapshots.stream().map(DiskSnapshot::backupSource).toList();
    try (FrozenImage first = frozen(sources.get(0));
        FrozenImage second = frozen(sources.get(1));
        FrozenImage third = frozen(sources.get(2))) {
      var order =
          new WriteOrder(
              List.of(first.ext4Sequence(), second.xfsSequence(), third.ext4Sequence()),
              acknowledged);
      for (Finding finding : List.of(first.ext4(), second.xfs(), third.ext4(), order.judge())) {
        assertTrue(finding.good(), finding::seen);
      }
    }
  }

  private static FrozenImage frozen(DiskSource source) {
    return FrozenImage.of(FileDisks.file(source), source.format());
  }

  @Test
  void overlaysAreMergedInAnyOrderUnderAWritingGuestAndTheNewestIsRevertedTo() throws Exception {
    List<String> before;
    DiskSnapshot last;
    try (Guest guest = startGuest();
        Machine machine = on(guest)) {
      // given
      before = files();
      guest.awaitNextAck(PATIENCE);
      DiskSnapshot monday = take(machine, MONDAY).get(0);
      Path point = plain(monday.backupSource(), "monday");
      guest.awaitNextAck(PATIENCE);
      take(machine, TUESDAY);
      guest.awaitNextAck(PATIENCE);
      var store = SnapshotStore.of(machine.monitor());
      assertEquals(List.of("monday", "tuesday"), names(store.list(disk("vd0"), soon())));
      assertTrue(files().contains("disk0.tuesday.qcow2"), () -> "named by the image at the bottom");
      assertEquals(-1, Files.mismatch(point, plain(monday.backupSource(), "later")));
      // when the newest goes first
      Path base = guest.images().get(0);
      assertEquals(
          home.resolve("disk0.monday.qcow2"), file(store.delete(disk("vd0"), TUESDAY, soon())));
      assertEquals(base, file(store.delete(disk("vd0"), MONDAY, soon())));
      // and when the oldest does
      assertEquals(Optional.empty(), store.delete(disk("vd1"), MONDAY, soon()));
      assertEquals(List.of("tuesday"), names(store.list(disk("vd1"), soon())));
      assertEquals(guest.images().get(1), file(store.delete(disk("vd1"), TUESDAY, soon())));
      assertEquals(Optional.empty(), store.delete(disk("vd2"), MONDAY, soon()));
      machine.assertWritesOn();
      // then
      assertEquals(
          Stream.concat(before.stream(), Stream.of("disk2.tuesday.qcow2")).sorted().toList(),
          files());
      assertRefused(ErrorCode.NO_SUCH_SNAPSHOT, () -> store.delete(disk("vd1"), MONDAY, soon()));
      assertRefused(ErrorCode.DISK_IN_USE, () -> store.revert(disk("vd2"), TUESDAY, soon()));
      long acknowledged = guest.awaitNextAck(PATIENCE);
      List<DiskSnapshot> all = take(machine, LAST);
      assertWhole(all, acknowledged);
      last = all.get(2);
      machine.assertWritesOn();
    }
    // and when the machine has ended
    var bare = SnapshotStore.ofBareDisks();
    Path now = file(last.modifiedDisk());
    Path point = plain(last.backupSource(), "last");
    assertEquals(List.of("tuesday", "last"), names(bare.list(disk(now), soon())));
    assertNotEquals(-1, Files.mismatch(point, plain(last.modifiedDisk().orElseThrow(), "now")));
    assertRefused(ErrorCode.DISK_UNSUITABLE, () -> bare.revert(disk(now), TUESDAY, soon()));
    bare.revert(disk(now), LAST, soon());
    assertEquals(-1, Files.mismatch(point, plain(last.modifiedDisk().orElseThrow(), "back")));
    Path under = file(bare.delete(disk(now), LAST, soon()));
    Path bottom = file(bare.delete(disk(under), TUESDAY, soon()));
    assertEquals(-1, Files.mismatch(point, plain(new DiskSource.File(bottom, "qcow2"), "bottom")));
    assertTrue(!Files.exists(now) && !Files.exists(under), () -> now + " and " + under + " go");
  }

  @Test
  void aPointInTimeThatSomebodyReadsIsNotMergedInto() throws Exception {
    try (Guest guest = startGuest();
        Machine machine = on(guest)) {
      // given
      DiskSnapshot monday = take(machine, MONDAY).get(0);
      Path base = FileDisks.file(monday.backupSource());
      Path point = plain(monday.backupSource(), "monday");
      var store = SnapshotStore.of(machine.monitor());
      try (var backup = Files.newInputStream(base)) {
        assertTrue(backup.read() >= 0);
        // when, then
        assertRefused(ErrorCode.DISK_IN_USE, () -> store.delete(disk("vd0"), MONDAY, soon()));
      }
      StoredSnapshot still = store.list(disk("vd0"), soon()).get(0);
      assertEquals(Optional.empty(), still.trouble());
      assertEquals(Optional.of(monday.backupSource()), still.backupSource());
      assertEquals(-1, Files.mismatch(point, plain(monday.backupSource(), "later")));
      assertRefused(
          ErrorCode.SNAPSHOT_EXISTS,
          () -> {
            SnapshotResult again = machine.take(SnapshotRequest.named(MONDAY.text()));
            throw new SnapshotException(again.error().orElseThrow());
          });
      assertEquals(base, file(store.delete(disk("vd0"), MONDAY, soon())));
      machine.assertWritesOn();
    }
  }

  /** Whoever asked is gone at that moment, and the next one asks for the same. */
  @Test
  void aMergeIsTakenUpWhereverItWasLeft() throws Exception {
    try (Guest guest = startGuest();
        Machine machine = on(guest);
        FaultProxy between = FaultProxy.before(guest.observer())) {
      var store = SnapshotStore.of(machine.monitor());
      List<String> before = files();
      List<Moment> moments =
          Stream.of("block-commit", "job-complete", "job-dismiss", "blockdev-del")
              .flatMap(one -> Stream.of(Moment.request(one), Moment.replyTo(one)))
              .toList();
      for (Moment moment : moments) {
        // given
        var name = new SnapshotName(moment.kind() + "-" + moment.name());
        SnapshotResult taken = machine.take(SnapshotRequest.named(name.text()).disk("vd0"));
        assertEquals(Outcome.SUCCEEDED, taken.outcome(), taken::toString);
        guest.awaitNextAck(PATIENCE);
        Trap trap = between.arm(moment, Fault.cut(Side.BOTH));
        // when
        try (QmpClient lost = QmpClient.connect(Endpoint.unix(between.socket())).join()) {
          var left =
              assertThrows(
                  SnapshotException.class,
                  () -> SnapshotStore.of(lost).delete(disk("vd0"), name, soon()));
          trap.await(PATIENCE);
          assertTrue(left.failure().message().contains("the connection"), left::toString);
        }
        Path now = file(store.delete(disk("vd0"), name, soon()));
        // then
        assertEquals(guest.images().get(0), now, moment::toString);
        assertEquals(before, files(), moment::toString);
        machine.assertNothingLeft();
      }
      long acknowledged = guest.awaitNextAck(PATIENCE);
      assertWhole(take(machine, LAST), acknowledged);
    }
  }
}
