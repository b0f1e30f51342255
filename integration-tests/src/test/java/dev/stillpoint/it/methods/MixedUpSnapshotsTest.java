package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.DiskSnapshots;
import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.backends.btrfs.BtrfsProvider;
import dev.stillpoint.backends.reflink.ReflinkProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Snapshots of files that could be taken for those of another disk, and disks for another. */
@Timeout(120)
class MixedUpSnapshotsTest {
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");
  private static final String ID = "00c0ffee";

  @SuppressWarnings("NullAway.Init")
  private static LoopMount mount;

  private static int made;

  @BeforeAll
  static void mount() {
    mount = LoopMount.btrfs(256L << 20);
  }

  @AfterAll
  static void unmount() {
    mount.close();
  }

  private static Deadline deadline() {
    return Deadline.after(Duration.ofSeconds(60));
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static SnapshotMethod method(String name) {
    return name.equals("btrfs")
        ? new BtrfsProvider().create(Services.none())
        : new ReflinkProvider().create(Services.none());
  }

  private static Path newDirectory() throws IOException {
    return Files.createDirectory(mount.path().resolve("d" + made++));
  }

  private static Path subvolume(Path directory, String name) {
    Path root = directory.resolve(name);
    HostCommand.run(directory, List.of("btrfs", "subvolume", "create", root.toString()));
    return root;
  }

  private static List<Inventory> cut(String method, LocatedDisk disk) {
    Cut cut = await(method(method).check(new CutOrder(ID, NIGHTLY, List.of(disk)), deadline()));
    await(cut.reserve(deadline()));
    await(cut.prepare(deadline()));
    await(cut.cut(deadline()));
    await(cut.settle(deadline()));
    await(cut.clean(deadline()));
    return cut.inventory();
  }

  private static void assertFails(ErrorCode code, CompletionStage<?> stage) {
    var thrown = assertThrows(CompletionException.class, () -> await(stage));
    assertEquals(code, SnapshotException.failureOf(thrown, ErrorCode.INTERNAL).code());
  }

  private static List<String> names(LocatedDisk disk) {
    return await(method("btrfs").list(disk, deadline())).stream()
        .map(StoredSnapshot::name)
        .toList();
  }

  @Test
  void twoSubvolumesThatShareADirectoryKeepTheirSnapshotsApart() throws Exception {
    // given two machines whose images have one name, and one directory for the snapshots of both
    Path home = newDirectory();
    Path shared = Files.createDirectory(home.resolve("snapshots"));
    Map<String, String> there = Map.of("snapshots", shared.toString());
    Path root = subvolume(home, "a");
    LocatedDisk a = FileDisks.with(FileDisks.make(root.resolve("d.raw"), "btrfs", "a"), there);
    LocatedDisk b =
        FileDisks.with(FileDisks.make(subvolume(home, "b").resolve("d.raw"), "btrfs", "b"), there);
    // when one of them has a snapshot
    cut("btrfs", a);
    FileDisks.write(a, "a later");
    // then the other has none
    assertFails(ErrorCode.NO_SUCH_SNAPSHOT, method("btrfs").revert(b, NIGHTLY, deadline()));
    assertFails(ErrorCode.NO_SUCH_SNAPSHOT, method("btrfs").delete(b, NIGHTLY, deadline()));
    assertEquals(List.of(), names(b));
    assertEquals("b", FileDisks.read(b.source()));
    assertEquals(List.of("nightly"), names(a));
    // and a subvolume that has another name by now is still the same
    Path moved = Files.move(root, home.resolve("c"));
    LocatedDisk c = FileDisks.with(FileDisks.located(moved.resolve("d.raw"), "btrfs"), there);
    assertEquals(List.of("nightly"), names(c));
    await(method("btrfs").revert(c, NIGHTLY, deadline()));
    assertEquals("a", FileDisks.read(c.source()));
    await(method("btrfs").delete(c, NIGHTLY, deadline()));
  }

  @Test
  void aLinkInASnapshotLeadsNowhere() throws Exception {
    // given a snapshot of the time when a link was where the image is now
    Path root = subvolume(newDirectory(), "vm");
    Path old = root.resolve("old.raw");
    LocatedDisk elsewhere = FileDisks.make(old, "btrfs", "old");
    Path link = Files.createSymbolicLink(root.resolve("d.raw"), old);
    cut("btrfs", elsewhere);
    Files.delete(link);
    LocatedDisk disk = FileDisks.make(link, "btrfs", "new");
    FileDisks.write(elsewhere, "old of today");
    // when, then
    assertEquals(List.of(), names(disk));
    assertFails(ErrorCode.NO_SUCH_SNAPSHOT, method("btrfs").revert(disk, NIGHTLY, deadline()));
    assertEquals("new", FileDisks.read(disk.source()));
    await(method("btrfs").delete(elsewhere, NIGHTLY, deadline()));
  }

  @Test
  void aCloneIsNotTakenForOneOfAnotherName() throws Exception {
    // given
    Path home = newDirectory();
    LocatedDisk plain = FileDisks.make(home.resolve("d.raw"), "reflink", "old");
    Path clone = home.resolve("clone.raw");
    LocatedDisk disk = FileDisks.with(plain, Map.of("file", clone.toString()));
    cut("reflink", disk);
    FileDisks.write(disk, "new");
    // when
    var weekly = new SnapshotName("weekly");
    assertFails(ErrorCode.NO_SUCH_SNAPSHOT, method("reflink").revert(disk, weekly, deadline()));
    assertFails(ErrorCode.NO_SUCH_SNAPSHOT, method("reflink").delete(disk, weekly, deadline()));
    // then
    assertEquals("new", FileDisks.read(disk.source()));
    assertEquals("old", FileDisks.read(new DiskSource.File(clone, "raw")));
  }

  @Test
  void anImageWithoutItsDataIsNotCutForADescribedDiskEither() throws Exception {
    // given
    Path root = subvolume(newDirectory(), "vm");
    Path image = root.resolve("d.qcow2");
    HostCommand.run(
        root,
        List.of(
            "qemu-img",
            "create",
            "-q",
            "-f",
            "qcow2",
            "-o",
            "data_file=" + root.resolve("data.raw"),
            image.toString(),
            "1M"));
    String xml =
        "<disk type='file'><driver name='qemu' type='qcow2'/><source file='"
            + image
            + "'/><target dev='vda'/><diskSnapshot method='reflink'/></disk>";
    try (var machine = GuestlessMachine.on(image)) {
      var engine = SnapshotEngine.builder().monitor(machine.monitor()).build();
      // when
      SnapshotResult result =
          await(DiskSnapshots.create(engine, xml, Optional.empty(), "n", Set.of()).result())
              .result();
      // then
      assertEquals(Outcome.FAILED, result.outcome(), result::toString);
      String told = result.error().orElseThrow().message();
      assertTrue(told.contains("lies in another file"), told);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"btrfs", "reflink"})
  void anImageIsNotRevertedUnderAnOverlay(String name) throws Exception {
    // given a machine at rest, which has gone on in an overlay
    Path root = subvolume(newDirectory(), "vm");
    LocatedDisk disk = FileDisks.make(root.resolve("d.raw"), name, "old");
    cut(name, disk);
    FileDisks.write(disk, "new");
    Path overlay = root.resolve("d.overlay.qcow2");
    HostCommand.run(
        root,
        List.of(
            "qemu-img",
            "create",
            "-q",
            "-f",
            "qcow2",
            "-F",
            "raw",
            "-b",
            "d.raw",
            overlay.toString()));
    // when
    var refused =
        assertThrows(
            SnapshotException.class,
            () -> SnapshotStore.ofBareDisks().revert(disk.selected(), NIGHTLY, deadline()));
    // then
    assertEquals(ErrorCode.DISK_IN_USE, refused.failure().code());
    assertEquals("new", FileDisks.read(disk.source()));
    Files.delete(overlay);
    SnapshotStore.ofBareDisks().revert(disk.selected(), NIGHTLY, deadline());
    assertEquals("old", FileDisks.read(disk.source()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"btrfs", "reflink"})
  void whatIsNotMountedIsNotForgotten(String name) throws Exception {
    // given a snapshot whose operation did not end, and a host that has not mounted it again yet
    Path root = subvolume(newDirectory(), "vm");
    List<Inventory> left = cut(name, FileDisks.make(root.resolve("d.raw"), name, "old"));
    HostCommand.run(root, List.of("mount", "-t", "tmpfs", "none", mount.path().toString()));
    try {
      // when, then
      assertFails(ErrorCode.DISK_UNSUITABLE, method(name).find(ID, left, deadline()));
    } finally {
      HostCommand.run(Path.of("/"), List.of("umount", mount.path().toString()));
    }
    assertEquals(1, await(method(name).find(ID, left, deadline())).present().size());
    await(method(name).discard(ID, left, deadline()));
    assertEquals(1, await(method(name).find(ID, left, deadline())).absent().size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"btrfs", "reflink"})
  void whatTheMachineDoesNotHaveOpenIsNotCutForIt(String name) throws Exception {
    // given a machine under whose disk another file was moved to its place
    Path root = subvolume(newDirectory(), "vm");
    Path image = GuestlessMachine.image(root);
    SelectedDisk disk = SelectedDisk.named("vd0").withMethod(name);
    Path other = Files.copy(image, root.resolve("other.qcow2"));
    try (var machine = GuestlessMachine.on(image)) {
      Files.move(other, image, StandardCopyOption.REPLACE_EXISTING);
      // when
      SnapshotResult result = machine.take("nightly", disk, engine -> engine);
      // then
      assertEquals(Outcome.FAILED, result.outcome(), result::toString);
      String told = result.error().orElseThrow().message();
      assertTrue(told.contains("something else lies there by now"), told);
    }
    try (var machine = GuestlessMachine.on(image)) {
      machine.taken("nightly", disk);
    }
  }
}
