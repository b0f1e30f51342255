package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.backends.host.Programs;
import dev.stillpoint.backends.rbd.RbdProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.it.CommandLineProcess;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.it.Machine;
import dev.stillpoint.qmp.job.Job;
import dev.stillpoint.qmp.qapi.BlockCommit;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.GuestDisk;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.oracle.Finding;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.oracle.WriteOrder;
import dev.stillpoint.testkit.storage.CephCluster;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A guest with two images of a real cluster, one of them in a namespace, cut by QEMU itself, and by
 * the method that is theirs. Not in the default run: {@code ./verify ceph}.
 */
@Timeout(600)
class QemuOfGuestOnCeph {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");
  private static final GuestConfig CONFIG =
      GuestConfig.of(GuestDisk.of(FileSystem.EXT4).raw(), GuestDisk.of(FileSystem.EXT4).raw());

  private static final int ROUNDS = 5;

  private static @Nullable CephCluster cluster;

  private static int tests;

  @TempDir private Path home;

  private final String first = "rbd/first" + tests;
  private final String second = "rbd/ns/second" + tests++;

  @BeforeAll
  static void start() {
    cluster = CephCluster.start();
    cluster().rbd("namespace", "create", "rbd/ns");
  }

  @AfterAll
  static void end() {
    cluster().close();
  }

  private static CephCluster cluster() {
    return Objects.requireNonNull(cluster);
  }

  private static CephImages images() {
    return new CephImages(cluster());
  }

  private Guest guest() {
    return WarmGuest.of(CONFIG)
        .startWith(Map.of(0, cluster().placeOf(first), 1, cluster().placeOf(second)));
  }

  private static SelectedDisk disk(String name, String method) {
    return SelectedDisk.named(name).withMethod(method);
  }

  private static Deadline soon() {
    return Deadline.after(PATIENCE);
  }

  private static SnapshotRequest request(SelectedDisk... disks) {
    SnapshotRequest request =
        SnapshotRequest.named(NIGHTLY.text())
            .freezeWindow(Duration.ofSeconds(20))
            .timeout(PATIENCE);
    for (SelectedDisk disk : disks) {
      request = request.disk(disk);
    }
    return request;
  }

  private static void assertQuiesced(SnapshotResult result) {
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
  }

  /** Reads backups as they are, and judges them together. */
  private List<Path> assertClean(String into, long acknowledged, List<String> names) {
    List<Path> files = new ArrayList<>();
    List<Long> numbers = new ArrayList<>();
    for (String name : names) {
      Path file = images().converted(name, home.resolve(into + files.size()));
      files.add(file);
      try (FrozenImage image = FrozenImage.of(file, "raw")) {
        Finding clean = image.ext4();
        assertTrue(clean.good(), clean::toString);
        numbers.add(image.ext4Sequence());
      }
    }
    Finding order = new WriteOrder(numbers, acknowledged).judge();
    assertTrue(order.good(), order::toString);
    return files;
  }

  private static void assertSame(List<Path> one, List<Path> other) throws IOException {
    for (int i = 0; i < one.size(); i++) {
      assertEquals(-1, Files.mismatch(one.get(i), other.get(i)));
    }
  }

  @Test
  void eachIsCutByRbdWhereNothingIsSaidAndIsSeenAmongTheLayers() throws Exception {
    try (Guest guest = guest();
        Machine machine = Machine.on(guest, guest.qmp(), guest.agent())) {
      // given
      long acknowledged = guest.awaitNextAck(PATIENCE);
      // when
      SnapshotResult result =
          machine.take(
              request(SelectedDisk.named("vd0"), SelectedDisk.named("vd1")),
              engine ->
                  engine.services(Services.none().with(Programs.class, KitPrograms.of(cluster()))));
      // then
      assertQuiesced(result);
      assertEquals(
          List.of("rbd", "rbd"), result.disks().stream().map(DiskSnapshot::method).toList());
      List<DiskSource> read = result.disks().stream().map(DiskSnapshot::backupSource).toList();
      assertEquals(
          List.of(first + "@nightly", second + "@nightly"),
          read.stream().map(DiskSource::address).toList());
      assertClean("by-rbd", acknowledged, read.stream().map(images()::name).toList());
      machine.assertWritesOn();
      machine.assertNothingLeft();
      // and
      String layers = layers(guest, "vd1");
      assertTrue(layers.contains("rbd image " + second), layers);
      assertTrue(layers.contains("rbd at rbd image " + second + ", the default"), layers);
      assertTrue(layers.contains("qemu-internal at rbd image " + second), layers);
      guest.quit();
    }
  }

  private String layers(Guest guest, String disk) throws Exception {
    Files.createDirectories(home.resolve("layers"));
    try (var process =
        CommandLineProcess.startWith(
            List.of(),
            Way.CLASS_PATH,
            home.resolve("layers"),
            "layers",
            "--qmp",
            guest.observer().toString(),
            disk)) {
      Run run = process.ended();
      assertEquals(0, run.code(), run::err);
      return run.out();
    }
  }

  @Test
  void anOverlayAboveEachIsCutAndCommittedBack() throws Exception {
    try (Guest guest = guest();
        Machine machine = Machine.on(guest, guest.qmp(), guest.agent())) {
      // given
      long acknowledged = guest.awaitNextAck(PATIENCE);
      List<Path> overlays = List.of(home.resolve("over0"), home.resolve("over1"));
      // when, the method following from the overlay
      SnapshotResult result =
          machine.take(
              request(
                  disk("vd0", "qemu").withOverlay(overlays.get(0)),
                  SelectedDisk.named("vd1").withOverlay(overlays.get(1))));
      // then
      assertQuiesced(result);
      assertEquals(1, result.commandsInHold());
      List<String> names = new ArrayList<>();
      for (int i = 0; i < overlays.size(); i++) {
        DiskSnapshot one = result.disks().get(i);
        assertEquals(
            Optional.of(new DiskSource.File(overlays.get(i), "qcow2")), one.modifiedDisk());
        assertTrue(one.backupSource() instanceof DiskSource.Remote, one::toString);
        assertEquals("raw", one.backupSource().format());
        names.add(one.backupSource().address());
      }
      List<Path> before = assertClean("before", acknowledged, names);
      machine.assertWritesOn();
      assertSame(before, assertClean("after", acknowledged, names));
      String layers = layers(guest, "vd0");
      assertTrue(layers.contains(overlays.get(0).toString()), layers);
      assertTrue(layers.contains("rbd image " + first), layers);
      // and when it is committed back
      for (int i = 0; i < overlays.size(); i++) {
        commit(machine, result.disks().get(i).nodeName().orElseThrow(), "disk" + i);
      }
      // then
      guest.awaitNextAck(PATIENCE);
      guest.quit();
      for (int i = 0; i < names.size(); i++) {
        Path now = images().converted(names.get(i), home.resolve("now" + i));
        assertNotEquals(-1, Files.mismatch(before.get(i), now));
      }
    }
  }

  private static void commit(Machine machine, String overlay, String base) {
    BlockCommit command =
        BlockCommit.of(overlay).withJobId("back").withBaseNode(base).withAutoDismiss(false);
    try (Job job = Job.start(machine.monitor(), "back", command, progress -> {}).join()) {
      job.ready().toCompletableFuture().join();
      job.complete().join();
      job.ended().toCompletableFuture().join();
    }
  }

  @Test
  void cephMakesTheSnapshotsInQemusOneTransaction() throws Exception {
    List<String> names = new ArrayList<>();
    List<Path> point;
    DiskSnapshot other;
    long acknowledged;
    try (Guest guest = guest();
        Machine machine = Machine.on(guest, guest.qmp(), guest.agent())) {
      // given
      acknowledged = guest.awaitNextAck(PATIENCE);
      // when
      SnapshotResult result =
          machine.take(request(disk("vd0", "qemu-internal"), disk("vd1", "qemu-internal")));
      // then
      assertQuiesced(result);
      assertEquals(1, result.commandsInHold());
      assertTrue(result.paused().isZero());
      assertEquals(List.of(), result.warnings());
      for (DiskSnapshot one : result.disks()) {
        assertEquals(Optional.empty(), one.modifiedDisk());
        names.add(images().name(one.backupSource()));
        assertTrue(images().isReadOnly(one.backupSource()));
      }
      other = result.disks().get(1);
      assertTrue(other.backupSource().address().startsWith(second + "@nightly.sp-"));
      point = assertClean("point", acknowledged, names);
      machine.assertWritesOn();
      assertSame(point, assertClean("still", acknowledged, names));
      machine.assertNothingLeft();
      // and while the machine uses them, nothing is brought back, and what is there is removed
      var store = SnapshotStore.of(machine.monitor());
      StoredSnapshot stored = store.list(disk("vd1", "qemu-internal"), soon()).get(0);
      assertEquals("nightly", stored.name());
      assertEquals(Optional.of(other.backupSource()), stored.backupSource());
      var refused =
          assertThrows(
              SnapshotException.class,
              () -> store.revert(disk("vd1", "qemu-internal"), NIGHTLY, soon()));
      assertEquals(ErrorCode.DISK_IN_USE, refused.failure().code());
      store.delete(disk("vd0", "qemu-internal"), NIGHTLY, soon());
      assertEquals(List.of(), store.list(disk("vd0", "qemu-internal"), soon()));
      assertTrue(images().kept(first).isEmpty(), () -> images().kept(first).toString());
      guest.quit();
    }
    // and when the machine has ended, it is a snapshot of Ceph like any other
    var rbd =
        new RbdProvider().create(Services.none().with(Programs.class, KitPrograms.of(cluster())));
    assertRevertedByRbd(rbd, other.backupSource(), point.get(1));
  }

  private void assertRevertedByRbd(SnapshotMethod rbd, DiskSource snapshot, Path point)
      throws IOException {
    String conf = cluster().conf().toString();
    var selected = disk("second", "rbd").withOption("image", second).withOption("conf", conf);
    var located =
        new LocatedDisk(selected, new DiskSource.Remote(second, "raw"), CutDisk.named("second"));
    String inside = ((DiskSource.Rbd) snapshot).snapshot().orElseThrow();
    DiskSource now = DiskSource.Rbd.at(second, "raw");
    assertNotEquals(-1, Files.mismatch(point, images().exported(now, home.resolve("wrote-on"))));
    rbd.revert(located, new SnapshotName(inside), soon()).toCompletableFuture().join();
    assertEquals(-1, Files.mismatch(point, images().exported(now, home.resolve("reverted"))));
    rbd.delete(located, new SnapshotName(inside), soon()).toCompletableFuture().join();
    assertTrue(images().kept(second).isEmpty());
  }

  /** Nothing but the transaction keeps the writer from one disk while the other is cut. */
  @Test
  void withoutAFreezeTheyAreOneInstantAllTheSame() throws IOException {
    try (Guest guest = guest();
        Machine machine = Machine.on(guest, guest.qmp(), guest.agent())) {
      for (int round = 0; round < ROUNDS; round++) {
        // given
        long acknowledged = guest.awaitNextAck(PATIENCE);
        // when
        SnapshotResult result =
            machine.take(
                SnapshotRequest.named("unfrozen" + round)
                    .quiesce(Quiesce.NEVER)
                    .disk(disk("vd0", "qemu-internal"))
                    .disk(disk("vd1", "qemu-internal")));
        // then
        assertEquals(Consistency.CRASH, result.consistency(), result::toString);
        assertTrue(result.paused().isZero(), result::toString);
        List<Long> numbers = new ArrayList<>();
        for (DiskSnapshot one : result.disks()) {
          Path file = images().exported(one.backupSource(), home.resolve("unfrozen"));
          try (FrozenImage image = FrozenImage.of(file, "raw")) {
            numbers.add(image.ext4Sequence());
          }
          Files.delete(file);
        }
        Finding order = new WriteOrder(numbers, acknowledged).judge();
        assertTrue(order.good(), order::toString);
      }
      guest.quit();
    }
  }

  /** QEMU 7.2 leaves in Ceph what it made before the failure. */
  @Test
  void whereCephRefusesOneOfThemNoneRemains() {
    try (Guest guest = guest();
        Machine machine = Machine.on(guest, guest.qmp(), guest.agent())) {
      // given
      guest.awaitNextAck(PATIENCE);
      cluster().rbd("snap", "create", "--no-progress", second + "@other");
      cluster().rbd("snap", "limit", "set", "--limit", "1", second);
      // when
      SnapshotResult result =
          machine.take(request(disk("vd0", "qemu-internal"), disk("vd1", "qemu-internal")));
      // then
      assertEquals(Outcome.FAILED, result.outcome(), result::toString);
      assertEquals(ErrorCode.NO_SPACE, result.error().orElseThrow().code(), result::toString);
      assertTrue(result.guestIsSafe(), result::toString);
      assertTrue(images().kept(first).isEmpty(), () -> images().kept(first).toString());
      assertEquals(1, images().kept(second).size(), () -> images().kept(second).toString());
      machine.assertWritesOn();
      guest.quit();
    }
  }
}
