package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.BlockJobCancel;
import dev.stillpoint.qmp.qapi.JobInfo;
import dev.stillpoint.qmp.qapi.QueryJobs;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Side;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What stands in the way of a merge in a running machine; its guest's writes are ours. */
@Timeout(60)
class MergeInMachineTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final SnapshotName MONDAY = new SnapshotName("monday");
  private static final SelectedDisk DISK = SelectedDisk.named("vd0").withMethod("qemu");
  private static final int SIZE = 4 << 20;

  @TempDir private Path temporary;
  private Path home = Path.of("");
  private Path base = Path.of("");
  private Path monday = Path.of("");
  private @Nullable QemuProcess qemu;
  private @Nullable QmpClient monitor;

  @BeforeEach
  void makeImage() throws IOException {
    home = temporary.toRealPath();
    base = image(home);
    monday = home.resolve("disk.monday.qcow2");
  }

  private Path image(Path directory) {
    Path image = directory.resolve("disk.qcow2");
    run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), Integer.toString(SIZE));
    return image;
  }

  @AfterEach
  void end() {
    if (monitor != null) {
      monitor.close();
    }
    if (qemu != null) {
      qemu.close();
    }
  }

  private String run(String... command) {
    return HostCommand.run(temporary, List.of(command));
  }

  /** A machine whose disk is this image, perhaps below a filter. */
  private QmpClient start(Path image, String... more) {
    var arguments = new ArrayList<>(List.of("-machine", "q35,accel=tcg", "-S"));
    arguments.addAll(List.of(more));
    arguments.addAll(List.of("-drive", "if=none,id=d0,format=qcow2,file=" + image));
    arguments.addAll(List.of("-device", "virtio-blk-pci,id=vd0,drive=d0"));
    QemuProcess started = QemuProcess.machineNone(arguments.toArray(String[]::new));
    qemu = started;
    QmpClient client = QmpClient.connect(Endpoint.unix(started.qmp())).join();
    monitor = client;
    return client;
  }

  /** One with a second disk, below a filter. */
  private QmpClient startWithFilter() {
    return start(
        base,
        "-object",
        "throttle-group,id=slow",
        "-blockdev",
        "driver=file,node-name=file1,filename=" + image(makeDirectory("one")),
        "-blockdev",
        "driver=qcow2,node-name=disk1,file=file1",
        "-blockdev",
        "driver=throttle,node-name=top1,throttle-group=slow,file=disk1",
        "-device",
        "virtio-blk-pci,id=vd1,drive=top1");
  }

  private void kill() {
    Objects.requireNonNull(monitor).close();
    Objects.requireNonNull(qemu).close();
  }

  private static SnapshotResult take(QmpClient monitor, String name, SelectedDisk disk) {
    var request = SnapshotRequest.named(name).disk(disk).quiesce(Quiesce.NEVER);
    return SnapshotEngine.builder()
        .monitor(monitor)
        .build()
        .start(request)
        .result()
        .toCompletableFuture()
        .join();
  }

  private static void taken(QmpClient monitor, String name, SelectedDisk disk) {
    SnapshotResult result = take(monitor, name, disk);
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
  }

  /** As its guest would, and to the disk. */
  private static void write(QmpClient monitor, int octet) {
    for (String command : List.of("write -q -P " + octet + " 0 4M", "flush")) {
      var line = "qemu-io d0 \"" + command + "\"";
      var arguments = JsonNodeFactory.instance.objectNode().put("command-line", line);
      monitor.execute("human-monitor-command", arguments, SOON).join();
    }
  }

  private void assertPattern(Path image, int octet) {
    run("qemu-io", "-r", "-U", "-f", "qcow2", "-c", "read -P " + octet + " 0 4M", image.toString());
  }

  private static Deadline soon() {
    return Deadline.after(SOON);
  }

  private static SnapshotException refused(
      ErrorCode code, org.junit.jupiter.api.function.Executable what) {
    SnapshotException refused = assertThrows(SnapshotException.class, what);
    assertEquals(code, refused.failure().code(), refused::toString);
    return refused;
  }

  private static void refusedToDelete(ErrorCode code, QmpClient monitor, String told) {
    SnapshotException refused =
        refused(code, () -> SnapshotStore.of(monitor).delete(DISK, MONDAY, soon()));
    assertTrue(refused.failure().message().contains(told), refused::toString);
    StoredSnapshot still = SnapshotStore.of(monitor).list(DISK, soon()).get(0);
    assertEquals(Optional.empty(), still.trouble());
  }

  /** Has it open as a backup by QEMU's own tools does, which keeps writers out. */
  private static QemuProcess reading(Path image) {
    return QemuProcess.storageDaemon(
        "--blockdev", "driver=file,node-name=f,read-only=on,filename=" + image,
        "--blockdev", "driver=qcow2,node-name=q,read-only=on,file=f",
        "--nbd-server", "addr.type=unix,addr.path=n",
        "--export", "nbd,id=e,node-name=q,name=e");
  }

  private static void fill(Path file) {
    HostCommand.run(
        Path.of("/"),
        List.of(
            "sh",
            "-c",
            "dd if=/dev/zero of=\"$1\" bs=64k conv=fsync 2> /dev/null; true",
            "sh",
            file.toString()));
  }

  @Test
  void withoutRoomTheMachineGoesOnAndTheMergeIsTakenUpLater() throws Exception {
    try (LoopMount small = LoopMount.ext4(16 << 20)) {
      // given
      Path far = image(small.path());
      QmpClient client = start(far);
      Path overlay = home.resolve("top.qcow2");
      taken(client, "monday", DISK.withOverlay(overlay));
      write(client, 1);
      fill(small.path().resolve("filler"));
      var store = SnapshotStore.of(client);
      // when
      refused(ErrorCode.NO_SPACE, () -> store.delete(DISK, MONDAY, soon()));
      // then
      assertEquals(List.of(), client.execute(new QueryJobs()).join());
      StoredSnapshot told = store.list(DISK, soon()).get(0);
      assertEquals(overlay.toString(), told.place());
      assertEquals(Optional.empty(), told.backupSource());
      assertTrue(told.trouble().isPresent(), told::toString);
      write(client, 2);
      // and once there is room
      Files.delete(small.path().resolve("filler"));
      assertEquals(
          Optional.of(new DiskSource.File(far, "qcow2")), store.delete(DISK, MONDAY, soon()));
      assertFalse(Files.exists(overlay));
      kill();
      assertPattern(far, 2);
    }
  }

  @Test
  void aRetryThatIsRefusedDoesNotMakeThePointWholeAgain() throws Exception {
    // given
    QmpClient client = start(base);
    taken(client, "monday", DISK);
    var store = SnapshotStore.of(client);
    try (QemuProcess reader = reading(base)) {
      FileDisks.awaitGreeting(reader);
      mark("begun");
      // when QEMU itself keeps somebody's lock
      refused(ErrorCode.DISK_IN_USE, () -> store.delete(DISK, MONDAY, soon()));
      // then
      assertTrue(store.list(DISK, soon()).get(0).trouble().isPresent());
    }
    assertTrue(store.delete(DISK, MONDAY, soon()).isPresent());
  }

  /** As one leaves it whose merge has failed half-way. */
  private void mark(String word) throws IOException {
    Files.getFileAttributeView(monday, UserDefinedFileAttributeView.class)
        .write("stillpoint.overlay.merge", StandardCharsets.UTF_8.encode(word));
  }

  @Test
  void whatWouldTakeTheMachineItsOwnRoomIsRefusedBefore() throws Exception {
    try (LoopMount small = LoopMount.ext4(16 << 20)) {
      // given
      QmpClient client = start(image(small.path()));
      taken(client, "monday", DISK);
      write(client, 1);
      fill(small.path().resolve("filler"));
      // when, then
      refusedToDelete(ErrorCode.NO_SPACE, client, "nothing was changed");
      kill();
    }
  }

  @Test
  void whoeverIsLostAsTheMachineTurnsLeavesNothingThatIsMergedLater() throws Exception {
    // given
    QmpClient client = start(base);
    taken(client, "monday", DISK);
    write(client, 3);
    try (FaultProxy between = FaultProxy.before(Objects.requireNonNull(qemu).qmp())) {
      client.close();
      between.arm(Moment.replyTo("job-complete"), Fault.cut(Side.BOTH));
      try (QmpClient lost = QmpClient.connect(Endpoint.unix(between.socket())).join()) {
        SnapshotException told =
            assertThrows(
                SnapshotException.class, () -> SnapshotStore.of(lost).delete(DISK, MONDAY, soon()));
        assertTrue(told.failure().message().contains("may write to that already"), told::toString);
      }
    }
    // when the machine goes on in the image below, and ends
    try (QmpClient again =
        QmpClient.connect(Endpoint.unix(Objects.requireNonNull(qemu).qmp())).join()) {
      write(again, 4);
    }
    kill();
    // then the overlay is old, and nobody puts it over what is newer
    var bare = SnapshotStore.ofBareDisks();
    SelectedDisk overlay = SelectedDisk.named(monday.toString()).withMethod("qemu");
    refused(ErrorCode.DISK_UNSUITABLE, () -> bare.delete(overlay, MONDAY, soon()));
    refused(ErrorCode.DISK_UNSUITABLE, () -> bare.revert(overlay, MONDAY, soon()));
    assertTrue(bare.list(overlay, soon()).get(0).trouble().isPresent());
    assertPattern(base, 4);
  }

  @Test
  void anOverlayBelowAFilterIsMerged() {
    // given
    QmpClient client = startWithFilter();
    SelectedDisk disk = SelectedDisk.named("vd1").withMethod("qemu");
    taken(client, "monday", disk);
    taken(client, "tuesday", disk);
    taken(client, "wednesday", disk);
    var store = SnapshotStore.of(client);
    // when, then
    assertEquals(Optional.empty(), store.delete(disk, new SnapshotName("tuesday"), soon()));
    store.delete(disk, new SnapshotName("wednesday"), soon());
    assertEquals(
        Optional.of(new DiskSource.File(home.resolve("one/disk.qcow2"), "qcow2")),
        store.delete(disk, MONDAY, soon()));
    assertEquals(List.of(), store.list(disk, soon()));
  }

  @Test
  void aCutBelowAFilterIsTakenBack() throws Exception {
    // given
    QmpClient client = startWithFilter();
    var disk =
        new LocatedDisk(
            SelectedDisk.named("vd1").withMethod("qemu"),
            new DiskSource.File(home.resolve("one/disk.qcow2"), "qcow2"),
            CutDisk.named("vd1"));
    var order = new CutOrder("00c0ffee", MONDAY, List.of(disk));
    Cut cut =
        new QemuOverlays(client, Optional.empty())
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
    assertEquals(List.of(), client.execute(new QueryJobs()).join());
  }

  private Path makeDirectory(String name) {
    try {
      return Files.createDirectory(home.resolve(name));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void whatLiesOnAMergedOverlayNamesTheImageBelowByItsPath() throws Exception {
    // given overlays that were handed over open
    QmpClient client = start(base);
    for (String name : List.of("monday", "tuesday", "wednesday")) {
      var request = SnapshotRequest.named(name).disk(DISK).quiesce(Quiesce.NEVER);
      SnapshotResult result =
          SnapshotEngine.builder()
              .monitor(client)
              .passFiles()
              .build()
              .start(request)
              .result()
              .toCompletableFuture()
              .join();
      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    }
    write(client, 5);
    // when
    SnapshotStore.of(client).delete(DISK, new SnapshotName("tuesday"), soon());
    kill();
    // then
    Path top = home.resolve("disk.wednesday.qcow2");
    assertTrue(run("qemu-img", "info", top.toString()).contains("backing file: " + monday + "\n"));
    assertPattern(top, 5);
  }

  @Test
  void aJobThatSomebodyEndsIsNotInTheWayLater() throws Exception {
    // given a merge that is ready, and whose owner is gone
    QmpClient client = start(base);
    taken(client, "monday", DISK);
    write(client, 6);
    try (FaultProxy between = FaultProxy.before(Objects.requireNonNull(qemu).qmp())) {
      client.close();
      between.arm(Moment.request("job-complete"), Fault.cut(Side.BOTH));
      try (QmpClient lost = QmpClient.connect(Endpoint.unix(between.socket())).join()) {
        assertThrows(
            SnapshotException.class, () -> SnapshotStore.of(lost).delete(DISK, MONDAY, soon()));
      }
    }
    try (QmpClient again =
        QmpClient.connect(Endpoint.unix(Objects.requireNonNull(qemu).qmp())).join()) {
      JobInfo job = again.execute(new QueryJobs()).join().get(0);
      again.execute(BlockJobCancel.of(job.id())).join();
      var store = SnapshotStore.of(again);
      // when
      refused(ErrorCode.CLEANUP_FAILED, () -> store.delete(DISK, MONDAY, soon()));
      // then
      assertTrue(store.delete(DISK, MONDAY, soon()).isPresent());
    }
    kill();
    assertPattern(base, 6);
  }

  @Test
  void aReaderIsSeenWhereTheMonitorDoesNotTellItsProcess() throws Exception {
    // given
    start(base);
    try (FaultProxy between = FaultProxy.before(Objects.requireNonNull(qemu).qmp())) {
      Objects.requireNonNull(monitor).close();
      try (QmpClient client = QmpClient.connect(Endpoint.unix(between.socket())).join()) {
        taken(client, "monday", DISK);
        try (var backup = Files.newInputStream(base)) {
          assertTrue(backup.read() >= 0);
          // when, then
          refusedToDelete(ErrorCode.DISK_IN_USE, client, "a backup may read it");
        }
        assertTrue(SnapshotStore.of(client).delete(DISK, MONDAY, soon()).isPresent());
      }
    }
  }

  @Test
  void whatElseDependsOnTheImagesIsNotSpoiled() throws Exception {
    // given
    QmpClient client = start(base);
    taken(client, "monday", DISK);
    Path clone = home.resolve("clone.qcow2");
    run(
        "qemu-img",
        "create",
        "-q",
        "-u",
        "-f",
        "qcow2",
        "-b",
        base.toString(),
        "-F",
        "qcow2",
        clone.toString(),
        "4M");
    // when, then
    refusedToDelete(ErrorCode.DISK_IN_USE, client, "clone.qcow2 lies on");
    Files.delete(clone);
    taken(client, "inside", DISK.withMethod("qemu-internal"));
    refusedToDelete(ErrorCode.DISK_UNSUITABLE, client, "1 snapshots inside itself");
    var other = DISK.withOverlay(home.resolve("other.qcow2"));
    assertEquals(
        ErrorCode.SNAPSHOT_EXISTS, take(client, "monday", other).error().orElseThrow().code());
  }
}
