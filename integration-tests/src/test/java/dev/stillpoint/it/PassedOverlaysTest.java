package dev.stillpoint.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.qemu.QemuDisks;
import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.backends.qemu.QemuRemains;
import dev.stillpoint.backends.qemu.QemuUndo;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.FdsetFdInfo;
import dev.stillpoint.qmp.qapi.QueryFdsets;
import dev.stillpoint.qmp.qapi.Quit;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.oracle.WriteOrder;
import dev.stillpoint.testkit.proxy.Moment;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A QEMU that may open none of our paths: it has become another user, who may not search the
 * directory in which its images are. The overlays are handed to it open.
 */
@Timeout(240)
class PassedOverlaysTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir private Path directory;

  private static Guest lockedOut() {
    return WarmGuest.of(GuestConfig.threeDisks()).startAs("nobody");
  }

  @Test
  void onItsOwnItCanBeGivenNoOverlayAndIsToldWhatToDo() {
    Guest guest = lockedOut();
    try (Machine machine = Machine.on(guest, guest.qmp(), guest.agent())) {
      SnapshotResult result = machine.take(SnapshotRequest.named("refused"));

      machine.assertRefused(result, ErrorCode.PREPARE_FAILED, "--pass-fds");
    }
  }

  @Test
  void snapshotsOfItAreQuiescedOneOnTopOfTheOther() {
    try (Guest guest = lockedOut()) {
      List<Path> active = guest.images();
      for (String name : List.of("first", "second", "third")) {
        // when: each over connections of its own, so that the sets of the one before live by use
        long acknowledged = guest.awaitNextAck(PATIENCE);
        SnapshotResult result = take(guest, SnapshotRequest.named(name));
        // then
        assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
        assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
        assertEquals(GuestState.THAWED, result.guest());
        assertEquals(1, result.commandsInHold());
        assertEquals(List.of(), result.warnings());
        assertEquals(active, bases(result));
        active = overlays(result);
        assertEquals(beside(guest, name), active);
        assertChains(result);
        assertFrozenImages(result, acknowledged);
        guest.awaitNextAck(PATIENCE);
      }
      assertEquals(9, openFiles(guest).stream().filter(one -> one.contains("rdwr:")).count());
    }
  }

  @Test
  void aCutIsTakenBackByWhoMadeItAndByWhoeverComesAfter() {
    try (Guest guest = lockedOut()) {
      // given a cut on the images that QEMU opened itself
      undoOneCut(guest, "one");
      assertEquals(List.of(), openFiles(guest));
      // and on those that were handed to it
      SnapshotResult kept = take(guest, SnapshotRequest.named("kept"));
      List<String> handed = openFiles(guest);
      undoOneCut(guest, "two");
      recoverOneCut(guest, "three");
      // then
      assertEquals(handed, openFiles(guest));
      assertEquals(List.of(), beside(guest, "two", "three"));
      assertNoWriteIsLost(guest, overlays(kept));
    }
  }

  @Test
  void oneKilledBeforeTheCutIsRemovedByRecover() throws Exception {
    try (KilledSnapshot scene = KilledSnapshot.passingFds(directory, lockedOut())) {
      // given
      scene.killAt(scene.agent, Moment.replyTo("guest-fsfreeze-freeze"));
      assertEquals(6, openFiles(scene.guest).size());
      // when
      Run dry = scene.recover("--dry-run");
      Run run = scene.recover();
      // then
      assertEquals(1, dry.code(), dry::toString);
      assertTrue(dry.out().contains("would remove the open file /dev/fdset/"), dry::toString);
      assertEquals(0, run.code(), run::toString);
      assertTrue(run.out().contains("removed the open file /dev/fdset/"), run::toString);
      scene.assertNothingOfOurs();
      assertEquals(List.of(), openFiles(scene.guest));
      scene.assertWritesOn();
      scene.assertNothingLeft();
      scene.assertNoWriteIsLost();
    }
  }

  @Test
  void oneKilledAfterTheCutIsFoundByRecoverAlsoUnderTheNext() throws Exception {
    try (KilledSnapshot scene = KilledSnapshot.passingFds(directory, lockedOut())) {
      // given
      scene.killAt(scene.agent, Moment.request("guest-fsfreeze-thaw"));
      // when
      Run dry = scene.recover("--dry-run");
      scene.assertWritesOn();
      List<Path> overlays = scene.overlays();
      SnapshotResult next = take(scene.guest, SnapshotRequest.named("next"));
      Run run = scene.recover();
      // then
      assertTold(dry, scene.guest.images(), overlays);
      assertEquals(overlays, bases(next), next::toString);
      assertEquals(0, run.code(), run::toString);
      assertTold(run, scene.guest.images(), overlays(next));
      scene.assertWritesOn();
      scene.assertNothingLeft();
    }
  }

  private static void assertTold(Run run, List<Path> bases, List<Path> active) {
    assertEquals(3, active.size());
    for (int i = 0; i < 3; i++) {
      assertTrue(run.out().contains("the machine writes to: " + active.get(i)), run::toString);
      assertTrue(run.out().contains("a backup may read:     " + bases.get(i)), run::toString);
    }
  }

  private static SnapshotResult take(Guest guest, SnapshotRequest request) {
    try (QmpClient monitor = QmpClient.connect(Endpoint.unix(guest.qmp())).join();
        QgaClient agent = QgaClient.connect(Endpoint.unix(AgentSafety.require(guest))).join()) {
      var journal = JournalDirectory.in(guest.directory().resolve("state"));
      return SnapshotEngine.builder()
          .monitor(monitor)
          .agent(agent)
          .journal(journal)
          .passFiles()
          .build()
          .start(request)
          .result()
          .toCompletableFuture()
          .join();
    }
  }

  /** As a cut that came late is taken back. */
  private static void undoOneCut(Guest guest, String name) {
    try (QmpClient monitor = QmpClient.connect(Endpoint.unix(guest.qmp())).join()) {
      Cut cut = cut(guest, monitor, name);
      done(cut.undo(soon()));
      done(cut.clean(soon()));
    }
  }

  /** As {@code recover} takes one back that somebody else has made. */
  private static void recoverOneCut(Guest guest, String name) {
    try (QmpClient monitor = QmpClient.connect(Endpoint.unix(guest.qmp())).join()) {
      Cut cut = cut(guest, monitor, name);
      var undo = new QemuUndo(monitor, cut.inventory(), () -> false);
      assertEquals(List.of(), undo.obstacles(soon()));
      List<String> told = new ArrayList<>();
      assertEquals(List.of(), undo.run(told, soon()));
      assertEquals(3, told.size(), told::toString);
      var remains = new QemuRemains(monitor, cut.inventory());
      assertEquals(List.of(), remains.remove(told, soon()));
      assertEquals(List.of(), remains.present(soon()));
      for (Path overlay : beside(guest, name)) {
        Files.delete(overlay);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One that was applied, and after which the guest has written. */
  private static Cut cut(Guest guest, QmpClient monitor, String name) {
    var disks = QemuDisks.locate(monitor, List.of(), soon()).disks();
    var order = new CutOrder(name, new SnapshotName(name), disks);
    var overlays = new QemuOverlays(monitor, Optional.empty()).passingFiles();
    Cut cut = done(overlays.check(order, soon()));
    done(cut.reserve(soon()));
    done(cut.prepare(soon()));
    done(cut.cut(soon()));
    assertEquals(Settlement.State.APPLIED, done(cut.settle(soon())).state());
    assertEquals(3, beside(guest, name).size());
    guest.awaitNextAck(PATIENCE);
    return cut;
  }

  private static <T> T done(CompletionStage<T> step) {
    return step.toCompletableFuture().join();
  }

  private static Deadline soon() {
    return Deadline.after(PATIENCE);
  }

  /** What stands beside each of the descriptors that QEMU was handed. */
  private static List<String> openFiles(Guest guest) {
    try (QmpClient client = QmpClient.connect(Endpoint.unix(guest.observer())).join()) {
      return client.execute(new QueryFdsets()).join().stream()
          .flatMap(set -> set.fds().stream())
          .map(FdsetFdInfo::opaque)
          .map(String::valueOf)
          .sorted()
          .toList();
    }
  }

  private static List<Path> overlays(SnapshotResult result) {
    return result.disks().stream()
        .map(disk -> ((DiskSource.File) disk.modifiedDisk().orElseThrow()).path())
        .toList();
  }

  private static List<Path> bases(SnapshotResult result) {
    return result.disks().stream().map(PassedOverlaysTest::base).toList();
  }

  private static Path base(DiskSnapshot disk) {
    return ((DiskSource.File) disk.backupSource()).path();
  }

  /** The overlays of these names. */
  private static List<Path> beside(Guest guest, String... names) {
    try (Stream<Path> files = Files.list(guest.directory())) {
      return files
          .filter(file -> Stream.of(names).anyMatch(name -> isNamed(file, name)))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isNamed(Path file, String name) {
    return file.toString().endsWith("." + name + ".qcow2");
  }

  private static void assertChains(SnapshotResult result) {
    for (DiskSnapshot disk : result.disks()) {
      Path overlay = ((DiskSource.File) disk.modifiedDisk().orElseThrow()).path();
      String info =
          HostCommand.run(Path.of("/"), List.of("qemu-img", "info", "-U", overlay.toString()));
      assertTrue(info.contains("backing file: " + base(disk) + "\n"), info);
      assertTrue(info.contains("backing file format: qcow2"), info);
    }
  }

  private static void assertFrozenImages(SnapshotResult result, long acknowledged) {
    List<Path> bases = bases(result);
    try (FrozenImage first = FrozenImage.of(bases.get(0), "qcow2");
        FrozenImage second = FrozenImage.of(bases.get(1), "qcow2");
        FrozenImage third = FrozenImage.of(bases.get(2), "qcow2")) {
      for (var finding : List.of(first.ext4(), second.xfs(), third.ext4())) {
        assertTrue(finding.good(), finding::seen);
      }
      assertOrder(first, second, third, acknowledged);
    }
  }

  private static void assertNoWriteIsLost(Guest guest, List<Path> images) {
    long acknowledged = guest.awaitNextAck(PATIENCE);
    try (QmpClient client = QmpClient.connect(Endpoint.unix(guest.observer())).join()) {
      var unused = client.execute(new Quit());
      await().atMost(PATIENCE).until(() -> !guest.isAlive());
    }
    try (FrozenImage first = FrozenImage.of(images.get(0), "qcow2");
        FrozenImage second = FrozenImage.of(images.get(1), "qcow2");
        FrozenImage third = FrozenImage.of(images.get(2), "qcow2")) {
      assertOrder(first, second, third, acknowledged);
    }
  }

  private static void assertOrder(
      FrozenImage first, FrozenImage second, FrozenImage third, long acknowledged) {
    var numbers = List.of(first.ext4Sequence(), second.xfsSequence(), third.ext4Sequence());
    var order = new WriteOrder(numbers, acknowledged).judge();
    assertTrue(order.good(), order::seen);
  }
}
