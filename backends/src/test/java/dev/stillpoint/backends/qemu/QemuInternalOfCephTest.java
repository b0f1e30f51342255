package dev.stillpoint.backends.qemu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Images of Ceph that a machine has open: what is asked of QEMU, and what is refused. */
@Timeout(20)
class QemuInternalOfCephTest {
  private static final Deadline SOON = Deadline.after(Duration.ofSeconds(10));
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");
  private static final String OPERATION = "00c0ffee";

  private final FakeQmpServer monitor = FakeQmpServer.start();
  private final QmpClient client = QmpClient.connect(monitor.endpoint()).join();
  private final SnapshotMethod method =
      new QemuInternalProvider().create(Services.none().with(QmpClient.class, client));

  @AfterEach
  void end() {
    client.close();
    monitor.close();
  }

  private static String device(int index, String driver, String name, String snapshots) {
    return ("{'device':'','qdev':'vd%d','type':'unknown','removable':false,'locked':false,"
            + "'inserted':{'node-name':'n%d','drv':'%s','ro':false,'file':'%s','image':"
            + "{'filename':'%s','format':'%s','virtual-size':1048576,'snapshots':[%s]}}}")
        .formatted(index, index, driver, name, name, driver, snapshots);
  }

  private void machine(String... devices) {
    monitor.on("query-block").returns("[" + String.join(",", devices) + "]");
    monitor.on("query-named-block-nodes").returns("[]");
    monitor.on("query-block-jobs").returns("[]").on("query-block-exports").returns("[]");
    monitor.on("query-pci").returns("[]").on("transaction").returns("{}");
    monitor.on("blockdev-snapshot-delete-internal-sync").fails("GenericError", "unexpected");
  }

  private static String snapshot(String name) {
    return ("{'id':'%s','name':'%s','vm-state-size':1,'date-sec':0,'date-nsec':0,"
            + "'vm-clock-sec':0,'vm-clock-nsec':0}")
        .formatted(name, name);
  }

  private LocatedDisk disk(String name) {
    var asked = SelectedDisk.named(name).withMethod("qemu-internal");
    return QemuDisks.locate(client, List.of(asked), SOON).disks().get(0);
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static SnapshotException refused(CompletionStage<?> stage) {
    var thrown = assertThrows(CompletionException.class, () -> await(stage));
    return assertInstanceOf(SnapshotException.class, thrown.getCause());
  }

  @Test
  void twoImagesAreOneTransactionByTheirNodes() {
    // given, one with the raw format above it and one without
    String first = "rbd:rbd/first:conf=/c:key=SECRET";
    machine(device(0, "raw", first, ""), device(1, "rbd", "rbd:rbd/ns/second", ""));
    // when
    var order = new CutOrder(OPERATION, NIGHTLY, List.of(disk("vd0"), disk("vd1")));
    Cut cut = await(method.check(order, SOON));
    await(cut.prepare(SOON));
    await(cut.cut(SOON));
    // then
    assertTrue(cut.isOneInstant());
    assertEquals(Duration.ofMillis(2010), cut.expectedTime());
    assertEquals(
        List.of(
            "{\"actions\":[{\"data\":{\"device\":\"n0\",\"name\":\"nightly.sp-00c0ffee\"},"
                + "\"type\":\"blockdev-snapshot-internal-sync\"},"
                + "{\"data\":{\"device\":\"n1\",\"name\":\"nightly.sp-00c0ffee\"},"
                + "\"type\":\"blockdev-snapshot-internal-sync\"}]}"),
        monitor.requests().stream()
            .filter(request -> request.path("execute").asText().equals("transaction"))
            .map(request -> request.path("arguments").toString())
            .toList());
    cut.inventory().forEach(one -> assertFalse(one.options().toString().contains("SECRET")));
  }

  @Test
  void whatQemuTellsOfThemIsListedAndANameThatIsTakenRefused() {
    // given
    machine(
        device(0, "raw", "rbd:rbd/ns/i", snapshot("nightly.sp-0badcafe") + "," + snapshot("x")));
    LocatedDisk disk = disk("vd0");
    // when
    List<StoredSnapshot> found = await(method.list(disk, SOON));
    SnapshotException taken =
        refused(method.check(new CutOrder(OPERATION, NIGHTLY, List.of(disk)), SOON));
    // then
    assertEquals(List.of("nightly", "x"), found.stream().map(StoredSnapshot::name).toList());
    assertEquals(Optional.empty(), found.get(0).created());
    assertEquals(
        Optional.of(DiskSource.Rbd.at("rbd/ns/i@nightly.sp-0badcafe", "raw")),
        found.get(0).backupSource());
    assertEquals(ErrorCode.SNAPSHOT_EXISTS, taken.failure().code());
  }

  @Test
  void aPartOfAGroupSnapshotThatQemuTellsOfAndOpensByNoNameIsNotListed() {
    // given
    machine(
        device(
            0,
            "raw",
            "rbd:rbd/i",
            snapshot(".group.1_108f6b8b4567_10996b8b4567")
                + ","
                + snapshot(".group.of.mine")
                + ","
                + snapshot("x")));
    // when
    List<StoredSnapshot> found = await(method.list(disk("vd0"), SOON));
    // then
    assertEquals(List.of(".group.of.mine", "x"), found.stream().map(StoredSnapshot::name).toList());
  }

  @Test
  void whatRbdMirrorKeepsForItselfIsNoUsersSnapshot() {
    // given, as Ceph 16 names them, and a later one for an image of a group
    String id = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
    String primary = ".mirror.primary." + id + "." + id;
    machine(
        device(
            0,
            "raw",
            "rbd:rbd/i",
            snapshot(primary)
                + ","
                + snapshot(".mirror.non_primary." + id + "." + id)
                + ","
                + snapshot(".mirror.primary." + id + ".2_10f6a1c3d4e5_10f6b8b4567")
                + ","
                + snapshot(".mirror.primary.of.mine")
                + ","
                + snapshot("x")));
    // when
    List<StoredSnapshot> found = await(method.list(disk("vd0"), SOON));
    // then
    assertEquals(
        List.of(".mirror.primary.of.mine", "x"), found.stream().map(StoredSnapshot::name).toList());
  }

  @Test
  void whatIsNotClearOrNotOpenIsRefused() {
    // given, of two clusters
    machine(
        device(0, "raw", "rbd:rbd/i:conf=/one", ""), device(1, "raw", "rbd:rbd/i:conf=/two", ""));
    var closed =
        new LocatedDisk(
            SelectedDisk.named("d").withMethod("qemu-internal"),
            new DiskSource.Remote("rbd:rbd/closed", "raw"),
            CutDisk.named("d"));
    // when
    SnapshotException both =
        refused(method.check(new CutOrder(OPERATION, NIGHTLY, List.of(disk("vd0"))), SOON));
    SnapshotException none = refused(method.list(closed, SOON));
    // then
    assertEquals(ErrorCode.DISK_UNSUITABLE, both.failure().code());
    assertTrue(both.failure().message().contains("rbd:rbd/i of more than one"), both::toString);
    assertEquals(ErrorCode.DISK_UNSUITABLE, none.failure().code());
    assertTrue(none.failure().message().contains("take the method rbd"), none::toString);
  }
}
