package dev.stillpoint.it.methods;

import static dev.stillpoint.it.methods.GuestlessMachine.DISK;
import static dev.stillpoint.it.methods.GuestlessMachine.assertPattern;
import static dev.stillpoint.it.methods.GuestlessMachine.image;
import static dev.stillpoint.it.methods.GuestlessMachine.soon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.qapi.QueryJobs;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a merge in a running machine has to mind: room, readers, filters, open files. */
@Timeout(60)
class MergeInMachineTest {
  private static final SnapshotName MONDAY = new SnapshotName("monday");
  private static final SnapshotName TUESDAY = new SnapshotName("tuesday");
  private static final SelectedDisk FILTERED = SelectedDisk.named("vd1").withMethod("qemu");

  @TempDir private Path temporary;
  private Path home = Path.of("");
  private Path base = Path.of("");

  @BeforeEach
  void makeImage() throws IOException {
    home = temporary.toRealPath();
    base = image(home);
  }

  private String run(String... command) {
    return HostCommand.run(home, List.of(command));
  }

  private static SnapshotException refused(
      ErrorCode code, SnapshotStore store, SnapshotName name, String told) {
    var refused = assertThrows(SnapshotException.class, () -> store.delete(DISK, name, soon()));
    assertEquals(code, refused.failure().code(), refused::toString);
    assertTrue(refused.failure().message().contains(told), refused::toString);
    return refused;
  }

  /** That nothing was changed, too. */
  private static void refusedBefore(
      ErrorCode code, SnapshotStore store, SnapshotName name, String told) {
    refused(code, store, name, told);
    for (StoredSnapshot still : store.list(DISK, soon())) {
      assertEquals(Optional.empty(), still.trouble());
    }
  }

  private static void fill(Path directory) {
    HostCommand.run(
        directory,
        List.of("sh", "-c", "dd if=/dev/zero of=filler bs=64k conv=fsync 2> /dev/null; true"));
  }

  @Test
  void withoutRoomTheMachineGoesOnAndTheMergeIsTakenUpLater() throws Exception {
    try (LoopMount small = LoopMount.ext4(16 << 20)) {
      // given
      Path far = image(small.path());
      Path overlay = home.resolve("top.qcow2");
      try (GuestlessMachine machine = GuestlessMachine.on(far)) {
        machine.taken("monday", DISK.withOverlay(overlay));
        machine.write(1);
        fill(small.path());
        SnapshotStore store = machine.store();
        // when
        refused(ErrorCode.NO_SPACE, store, MONDAY, "The machine loses nothing");
        // then
        assertEquals(List.of(), machine.monitor().execute(new QueryJobs()).join());
        StoredSnapshot told = store.list(DISK, soon()).get(0);
        assertEquals(overlay.toString(), told.place());
        assertEquals(Optional.empty(), told.backupSource());
        assertTrue(told.trouble().isPresent(), told::toString);
        machine.write(2);
        // and once there is room
        Files.delete(small.path().resolve("filler"));
        assertEquals(
            Optional.of(new DiskSource.File(far, "qcow2")), store.delete(DISK, MONDAY, soon()));
        assertFalse(Files.exists(overlay));
      }
      assertPattern(far, 2);
    }
  }

  @Test
  void whatWouldTakeTheMachineItsOwnRoomIsRefusedBefore() throws Exception {
    try (LoopMount small = LoopMount.ext4(16 << 20);
        GuestlessMachine machine = GuestlessMachine.on(image(small.path()))) {
      // given
      machine.taken("monday", DISK);
      machine.write(1);
      fill(small.path());
      // when, then
      refusedBefore(ErrorCode.NO_SPACE, machine.store(), MONDAY, "nothing was changed");
    }
  }

  /** One with a second disk, below a filter. */
  private GuestlessMachine withFilter() throws IOException {
    Path image = image(Files.createDirectory(home.resolve("one")));
    return GuestlessMachine.on(
        base,
        "-object",
        "throttle-group,id=slow",
        "-blockdev",
        "driver=file,node-name=file1,filename=" + image,
        "-blockdev",
        "driver=qcow2,node-name=disk1,file=file1",
        "-blockdev",
        "driver=throttle,node-name=top1,throttle-group=slow,file=disk1",
        "-device",
        "virtio-blk-pci,id=vd1,drive=top1");
  }

  @Test
  void anOverlayBelowAFilterIsMerged() throws Exception {
    try (GuestlessMachine machine = withFilter()) {
      // given
      for (String name : List.of("monday", "tuesday", "wednesday")) {
        machine.taken(name, FILTERED);
      }
      SnapshotStore store = machine.store();
      // when, then
      assertEquals(Optional.empty(), store.delete(FILTERED, TUESDAY, soon()));
      store.delete(FILTERED, new SnapshotName("wednesday"), soon());
      assertEquals(
          Optional.of(new DiskSource.File(home.resolve("one/disk.qcow2"), "qcow2")),
          store.delete(FILTERED, MONDAY, soon()));
      assertEquals(List.of(), store.list(FILTERED, soon()));
    }
  }

  @Test
  void aCutBelowAFilterIsTakenBack() throws Exception {
    try (GuestlessMachine machine = withFilter()) {
      // given
      var source = new DiskSource.File(home.resolve("one/disk.qcow2"), "qcow2");
      var disk = new LocatedDisk(FILTERED, source, CutDisk.named("vd1"));
      var order = new CutOrder("00c0ffee", MONDAY, List.of(disk));
      Cut cut =
          new QemuOverlays(machine.monitor(), Optional.empty())
              .check(order, soon())
              .toCompletableFuture()
              .join();
      cut.reserve(soon()).toCompletableFuture().join();
      cut.prepare(soon()).toCompletableFuture().join();
      cut.cut(soon()).toCompletableFuture().join();
      Path overlay = home.resolve("one/disk.monday.qcow2");
      assertTrue(Files.exists(overlay));
      // when
      cut.undo(soon()).toCompletableFuture().join();
      cut.clean(soon()).toCompletableFuture().join();
      // then
      assertFalse(Files.exists(overlay));
      assertEquals(List.of(), machine.monitor().execute(new QueryJobs()).join());
    }
  }

  @Test
  void whatLiesOnAMergedOverlayNamesTheImageBelowByItsPath() throws Exception {
    // given overlays that were handed over open
    try (GuestlessMachine machine = GuestlessMachine.on(base)) {
      for (String name : List.of("monday", "tuesday", "wednesday")) {
        SnapshotResult result = machine.take(name, DISK, SnapshotEngine.Builder::passFiles);
        assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      }
      machine.write(5);
      // when
      machine.store().delete(DISK, TUESDAY, soon());
    }
    // then
    Path top = home.resolve("disk.wednesday.qcow2");
    String below = "backing file: " + home.resolve("disk.monday.qcow2") + "\n";
    assertTrue(run("qemu-img", "info", top.toString()).contains(below));
    assertPattern(top, 5);
  }

  @Test
  void aReaderIsSeenWhereTheMonitorDoesNotTellItsProcess() throws Exception {
    try (GuestlessMachine machine = GuestlessMachine.on(base)) {
      // given
      machine.taken("monday", DISK);
      try (FaultProxy between = machine.proxy();
          QmpClient client = GuestlessMachine.connect(between.socket())) {
        var store = SnapshotStore.of(client);
        try (var backup = Files.newInputStream(base)) {
          assertTrue(backup.read() >= 0);
          // when, then
          refusedBefore(ErrorCode.DISK_IN_USE, store, MONDAY, "a backup may read it");
        }
        assertTrue(store.delete(DISK, MONDAY, soon()).isPresent());
      }
    }
  }

  private Path overlayOn(Path image) {
    Path clone = home.resolve("clone.qcow2");
    run(
        "qemu-img",
        "create",
        "-q",
        "-u",
        "-f",
        "qcow2",
        "-b",
        image.toString(),
        "-F",
        "qcow2",
        clone.toString(),
        "4M");
    return clone;
  }

  /** Such as a machine that somebody has made of a backup source. */
  @Test
  void whatElseLiesOnTheImagesIsNotSpoiled() throws Exception {
    try (GuestlessMachine machine = GuestlessMachine.on(base)) {
      // given
      machine.taken("monday", DISK);
      machine.taken("tuesday", DISK);
      Path monday = home.resolve("disk.monday.qcow2");
      for (Path image : List.of(base, monday)) {
        Path clone = overlayOn(image);
        // when, then
        refusedBefore(
            ErrorCode.DISK_IN_USE, machine.store(), MONDAY, "clone.qcow2 lies on " + image);
        Files.delete(clone);
      }
      assertEquals(Optional.empty(), machine.store().delete(DISK, MONDAY, soon()));
    }
  }

  @Test
  void whatAnOverlayKeepsInsideItselfIsNotLost() {
    try (GuestlessMachine machine = GuestlessMachine.on(base)) {
      machine.taken("monday", DISK);
      machine.taken("inside", DISK.withMethod("qemu-internal"));
      refusedBefore(
          ErrorCode.DISK_UNSUITABLE, machine.store(), MONDAY, "1 snapshots inside itself");
    }
  }

  @Test
  void aNameThatTheDiskHasIsRefusedWhereverTheOverlayWouldLie() {
    try (GuestlessMachine machine = GuestlessMachine.on(base)) {
      machine.taken("monday", DISK);
      SelectedDisk elsewhere = DISK.withOverlay(home.resolve("other.qcow2"));
      SnapshotResult again = machine.take("monday", elsewhere, engine -> engine);
      assertEquals(ErrorCode.SNAPSHOT_EXISTS, again.error().orElseThrow().code());
    }
  }
}
