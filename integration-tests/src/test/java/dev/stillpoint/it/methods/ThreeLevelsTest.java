package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.it.Machine;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.GuestDisk;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.guest.GuestDisk.Format;
import dev.stillpoint.testkit.guest.QemuProcess;
import dev.stillpoint.testkit.guest.RemoteDisk;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.oracle.Finding;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.storage.ArrayGuest;
import dev.stillpoint.testkit.storage.LoopMount;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * One qcow2 on a btrfs in a logical volume, cut at each of the three by the caller's choice. The
 * volume is an array's, which this host reaches over NBD and shows to its kernel as a file.
 */
@Timeout(240)
class ThreeLevelsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long VOLUME = 400L << 20;

  private static final GuestConfig CONFIG =
      GuestConfig.of(new GuestDisk(FileSystem.EXT4, Format.QCOW2, 32L << 20, OptionalLong.empty()));

  @TempDir private Path home;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final ArrayGuest array = opened(ArrayGuest.start());
  private long acknowledged;
  private Machine machine;

  private <T extends AutoCloseable> T opened(T one) {
    open.push(one);
    return one;
  }

  @BeforeEach
  void startMachine() {
    array.createThinVolume("disk", VOLUME);
    RemoteDisk served = array.export("disk");
    LoopMount mount = opened(LoopMount.btrfsIn(file -> opened(shown(served, file))));
    Guest guest = WarmGuest.of(CONFIG).startWith(Map.of(0, new DiskPlace.Directory(mount.path())));
    machine = opened(Machine.on(guest, guest.qmp(), guest.agent()));
    acknowledged = guest.awaitNextAck(PATIENCE);
  }

  /** What is served, as a file of this host. */
  private static QemuProcess shown(RemoteDisk served, Path file) {
    QemuProcess daemon =
        QemuProcess.storageDaemon(
            "--blockdev",
            "driver=nbd,node-name=lv,server.type=inet,server.host=127.0.0.1,server.port="
                + served.port()
                + ",export="
                + served.export(),
            "--export",
            "fuse,id=f,node-name=lv,writable=on,mountpoint=" + file);
    FileDisks.awaitGreeting(daemon);
    return daemon;
  }

  @AfterEach
  void closeAll() throws Exception {
    // The machine before what it stands on.
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  private SnapshotResult take(SelectedDisk disk) {
    SnapshotResult result =
        machine.take(
            SnapshotRequest.named("level")
                .disk(disk)
                .freezeWindow(Duration.ofSeconds(20))
                .timeout(PATIENCE),
            engine -> engine);
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
    machine.assertWritesOn();
    return result;
  }

  private void assertClean(Path image) {
    try (FrozenImage copy = FrozenImage.of(image, "qcow2")) {
      Finding clean = copy.ext4();
      assertTrue(clean.good(), clean::seen);
      assertTrue(copy.ext4Sequence() >= acknowledged);
    }
  }

  @Test
  void theImageByQemu() {
    // when
    SnapshotResult result = take(SelectedDisk.named("vd0"));
    // then
    assertTrue(result.disks().get(0).modifiedDisk().isPresent());
    assertClean(FileDisks.file(result.disks().get(0).backupSource()));
  }

  @Test
  void theFileByBtrfs() {
    // when
    SnapshotResult result = take(SelectedDisk.named("vd0").withMethod("btrfs"));
    // then
    assertTrue(result.disks().get(0).modifiedDisk().isEmpty());
    assertClean(FileDisks.file(result.disks().get(0).backupSource()));
  }

  @Test
  void theVolumeByLvm() throws Exception {
    // when
    SnapshotResult result =
        take(
            SelectedDisk.named("vd0")
                .withMethod("lvm")
                .withOption("device", "/dev/vg/disk")
                .withOption("at", "qga:unix:" + array.agent()));
    // then
    assertTrue(result.disks().get(0).backupSource() instanceof DiskSource.Remote);
    RemoteDisk served = array.exportReadOnly("disk.level");
    Path copy = home.resolve("copy");
    array.copy(served, copy);
    array.unexport(served);
    // The kernel takes two btrfs of one identity for one: the first has to go.
    while (open.peek() != array) {
      open.pop().close();
    }
    HostCommand.run(home, List.of("btrfs", "device", "scan", "--forget"));
    try (LoopMount mount = LoopMount.of(copy)) {
      assertClean(mount.path().resolve("disk0.qcow2"));
    }
  }
}
