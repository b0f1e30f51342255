package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.it.Machine;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.GuestDisk;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.oracle.Finding;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.oracle.WriteOrder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A running machine whose qcow2 images keep the snapshot inside themselves. */
@Timeout(120)
class QemuInternalOfGuestTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");

  private static final int RUNS = 10;

  @TempDir private Path home;

  private static SelectedDisk disk(String name) {
    return SelectedDisk.named(name).withMethod("qemu-internal");
  }

  private static Deadline soon() {
    return Deadline.after(PATIENCE);
  }

  /** What a backup reads once nobody writes to the image. */
  private Path read(DiskSource source, String name) {
    var inside = (DiskSource.Internal) source;
    Path raw = home.resolve(name);
    HostCommand.run(
        home,
        List.of(
            "qemu-img",
            "convert",
            "-l",
            "snapshot.name=" + inside.snapshot(),
            "-O",
            "raw",
            inside.image().toString(),
            raw.toString()));
    return raw;
  }

  private Path plain(Path image, String name) {
    Path raw = home.resolve(name);
    HostCommand.run(
        home, List.of("qemu-img", "convert", "-O", "raw", image.toString(), raw.toString()));
    return raw;
  }

  @Test
  void aWritingGuestIsCutRevertedAndLeavesNothing() throws IOException {
    // given
    List<Path> copies = new ArrayList<>();
    SnapshotResult result;
    long acknowledged;
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        Machine machine = Machine.on(guest, guest.qmp(), guest.agent())) {
      acknowledged = guest.awaitNextAck(PATIENCE);
      // when
      result =
          machine.take(
              SnapshotRequest.named("nightly")
                  .disk(disk("vd0"))
                  .disk(disk("vd1"))
                  .disk(disk("vd2")),
              engine -> engine);
      // then
      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
      assertEquals(1, result.commandsInHold());
      assertTrue(result.paused().isZero());
      assertTrue(result.disks().stream().allMatch(one -> one.modifiedDisk().isEmpty()));
      machine.assertWritesOn();
      // and while the machine uses it, nothing is brought back
      var store = SnapshotStore.of(machine.monitor());
      assertEquals("nightly", store.list(disk("vd0"), soon()).get(0).name());
      var refused =
          Assertions.assertThrows(
              SnapshotException.class, () -> store.revert(disk("vd0"), NIGHTLY, soon()));
      assertEquals(ErrorCode.DISK_IN_USE, refused.failure().code());
      store.delete(disk("vd2"), NIGHTLY, soon());
      assertEquals(List.of(), store.list(disk("vd2"), soon()));
      // What outlives the machine for the rest of this test.
      machine.monitor().execute(new dev.stillpoint.qmp.qapi.Stop()).join();
      for (int i = 0; i < 2; i++) {
        Path kept = home.resolve("disk" + i + ".qcow2");
        Files.copy(guest.images().get(i), kept);
        copies.add(kept);
      }
    }
    List<DiskSource> sources = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      var inside = (DiskSource.Internal) result.disks().get(i).backupSource();
      sources.add(new DiskSource.Internal(copies.get(i), inside.snapshot(), "qcow2"));
    }
    try (FrozenImage first = FrozenImage.of(read(sources.get(0), "first"), "raw");
        FrozenImage second = FrozenImage.of(read(sources.get(1), "second"), "raw")) {
      for (Finding finding :
          List.of(
              first.ext4(),
              second.xfs(),
              new WriteOrder(List.of(first.ext4Sequence(), second.xfsSequence()), acknowledged)
                  .judge())) {
        assertTrue(finding.good(), finding::seen);
      }
    }
    // when the machine has ended
    var bare = SnapshotStore.ofBareDisks();
    SelectedDisk image = disk(copies.get(0).toString());
    assertNotEquals(-1, Files.mismatch(home.resolve("first"), plain(copies.get(0), "before")));
    bare.revert(image, NIGHTLY, soon());
    // then
    assertEquals(-1, Files.mismatch(home.resolve("first"), plain(copies.get(0), "after")));
    bare.delete(image, NIGHTLY, soon());
    assertEquals(List.of(), bare.list(image, soon()));
  }

  /**
   * In a transaction with overlays: nobody is frozen or paused, and the order is kept all the same.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void besideOverlaysEveryCutIsOneInstant(int overlaid) throws IOException {
    // given
    List<SnapshotResult> results = new ArrayList<>();
    List<Long> acknowledged = new ArrayList<>();
    Path kept = home.resolve("kept.qcow2");
    String overlays = "vd" + overlaid;
    String internal = "vd" + (1 - overlaid);
    var config =
        GuestConfig.of(GuestDisk.of(FileSystem.EXT4), GuestDisk.of(FileSystem.EXT4))
            .withWriterPause(Duration.ZERO);
    try (Guest guest = WarmGuest.start(config);
        Machine machine = Machine.on(guest, guest.qmp(), guest.agent())) {
      for (int run = 0; run < RUNS; run++) {
        acknowledged.add(guest.awaitNextAck(PATIENCE));
        // when
        var request = SnapshotRequest.named("run" + run).quiesce(Quiesce.NEVER);
        results.add(
            machine.take(request.disk(overlays, "qemu").disk(disk(internal)), engine -> engine));
      }
      machine.assertWritesOn();
      machine.monitor().execute(new dev.stillpoint.qmp.qapi.Stop()).join();
      Files.copy(guest.images().get(1 - overlaid), kept);
      // then
      for (int run = 0; run < RUNS; run++) {
        SnapshotResult result = results.get(run);
        assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
        assertEquals(Consistency.CRASH, result.consistency(), result::toString);
        assertTrue(result.paused().isZero(), result::toString);
        var base = (DiskSource.File) result.disks().get(0).backupSource();
        var inside = (DiskSource.Internal) result.disks().get(1).backupSource();
        Path raw = read(new DiskSource.Internal(kept, inside.snapshot(), "qcow2"), "inside");
        try (FrozenImage below = FrozenImage.of(base.path(), base.format());
            FrozenImage within = FrozenImage.of(raw, "raw")) {
          long one = below.ext4Sequence();
          long other = within.ext4Sequence();
          List<Long> numbers = overlaid == 0 ? List.of(one, other) : List.of(other, one);
          Finding order = new WriteOrder(numbers, acknowledged.get(run)).judge();
          assertTrue(order.good(), order::seen);
        }
      }
    }
  }
}
