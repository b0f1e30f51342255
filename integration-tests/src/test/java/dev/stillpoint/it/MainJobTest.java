package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.qemu.QemuWay;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.oracle.Finding;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.oracle.WriteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The job itself, on a real guest with three disks: ext4, xfs, ext4. */
class MainJobTest {
  private static final int RUNS_IN_A_ROW = 20;
  private static final int RUNS_ON_ONE_GUEST = 5;

  @Test
  void everyOneOfTwentyQuiescedSnapshotsIsCleanAndOneInstant() {
    for (int run = 0; run < RUNS_IN_A_ROW; run += RUNS_ON_ONE_GUEST) {
      try (Machine machine = Machine.threeDisks()) {
        for (int i = 0; i < RUNS_ON_ONE_GUEST; i++) {
          long acknowledged = machine.guest.awaitNextAck(java.time.Duration.ofSeconds(20));

          SnapshotResult result = machine.take(SnapshotRequest.named("run" + i));

          assertQuiesced(result);
          assertFrozenImages(result, acknowledged);
          machine.assertWritesOn();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(QemuWay.class)
  void everyWayCutsAllDisksAtOneInstant(QemuWay way) {
    try (Machine machine = Machine.threeDisks()) {
      long acknowledged = machine.guest.awaitNextAck(java.time.Duration.ofSeconds(20));

      SnapshotResult result =
          machine.take(SnapshotRequest.named("way"), engine -> engine.qemuWay(way));

      assertQuiesced(result);
      assertEquals(way.toString(), result.disks().get(0).way());
      assertFrozenImages(result, acknowledged);
      assertChains(result);
      machine.assertWritesOn();
    }
  }

  @ParameterizedTest
  @EnumSource(QemuWay.class)
  void everyWayCutsOneDiskAlone(QemuWay way) {
    try (Machine machine = Machine.threeDisks()) {
      SnapshotResult result =
          machine.take(SnapshotRequest.named("one").disk("vd0"), engine -> engine.qemuWay(way));

      assertQuiesced(result);
      assertEquals(1, result.disks().size());
      assertTrue(result.notCovered().toString().contains("vd1"), result::toString);
      assertClean(frozen(result.disks().get(0)), true);
      machine.assertWritesOn();
    }
  }

  @Test
  void withoutQuiesceTheImagesAreAsAfterACrashAndTheResultSaysSo() {
    try (Machine machine = Machine.threeDisks()) {
      long acknowledged = machine.guest.awaitNextAck(java.time.Duration.ofSeconds(20));

      SnapshotResult result = machine.take(SnapshotRequest.named("crash").quiesce(Quiesce.NEVER));

      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(Consistency.CRASH, result.consistency());
      assertFalse(result.reasons().isEmpty());
      assertEquals(GuestState.NEVER_FROZEN, result.guest());
      assertClean(frozen(result.disks().get(0)), false);
      try (FrozenImage first = frozen(result.disks().get(0));
          FrozenImage second = frozen(result.disks().get(1));
          FrozenImage third = frozen(result.disks().get(2))) {
        Finding order = order(first, second, third, acknowledged);
        assertTrue(order.good(), order::seen);
      }
      machine.assertWritesOn();
    }
  }

  @Test
  void aDryRunChangesNothing() {
    try (Machine machine = Machine.threeDisks()) {
      SnapshotResult result = machine.take(SnapshotRequest.named("dry").dryRun(true));

      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(List.of(), result.disks());
      assertEquals(GuestState.NEVER_FROZEN, result.guest());
      machine.assertNothingLeft();
      machine.assertWritesOn();
    }
  }

  private static void assertQuiesced(SnapshotResult result) {
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
    assertEquals(GuestState.THAWED, result.guest());
    assertEquals(1, result.commandsInHold());
    assertEquals(List.of(), result.warnings());
  }

  private static void assertFrozenImages(SnapshotResult result, long acknowledged) {
    try (FrozenImage first = frozen(result.disks().get(0));
        FrozenImage second = frozen(result.disks().get(1));
        FrozenImage third = frozen(result.disks().get(2))) {
      for (Finding finding :
          List.of(
              first.ext4(),
              second.xfs(),
              third.ext4(),
              order(first, second, third, acknowledged))) {
        assertTrue(finding.good(), finding::seen);
      }
    }
  }

  private static Finding order(
      FrozenImage first, FrozenImage second, FrozenImage third, long acknowledged) {
    var numbers = List.of(first.ext4Sequence(), second.xfsSequence(), third.ext4Sequence());
    return new WriteOrder(numbers, acknowledged).judge();
  }

  private static void assertClean(FrozenImage image, boolean clean) {
    try (image) {
      Finding finding = image.ext4();
      assertEquals(clean, finding.good(), finding::seen);
    }
  }

  private static FrozenImage frozen(DiskSnapshot disk) {
    DiskSource.File source = (DiskSource.File) disk.backupSource();
    return FrozenImage.of(source.path(), source.format());
  }

  /** Each overlay names its backing file and format, and QEMU finds nothing wrong with it. */
  private static void assertChains(SnapshotResult result) {
    for (DiskSnapshot disk : result.disks()) {
      DiskSource.File overlay = (DiskSource.File) disk.modifiedDisk().orElseThrow();
      DiskSource.File base = (DiskSource.File) disk.backupSource();
      String info = qemuImg("info", "-U", overlay.path().toString());
      assertTrue(info.contains("backing file: " + base.path()), info);
      assertTrue(info.contains("backing file format: " + base.format()), info);
      String check = qemuImg("check", "-U", base.path().toString());
      assertTrue(check.contains("No errors were found"), check);
    }
  }

  private static String qemuImg(String... arguments) {
    var command = new ArrayList<>(List.of("qemu-img"));
    command.addAll(List.of(arguments));
    return HostCommand.run(Path.of("/"), command);
  }
}
