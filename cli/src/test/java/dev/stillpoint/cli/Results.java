package dev.stillpoint.cli;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotResult;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Results to tell. */
final class Results {
  private Results() {}

  static SnapshotResult succeeded() {
    var overlay = new DiskSource.File(Path.of("/images/root.nightly.qcow2"), "qcow2");
    var base = new DiskSource.File(Path.of("/images/root.qcow2"), "qcow2");
    var volume = new DiskSource.Device(Path.of("/dev/vg/data-nightly"), "raw");
    return new SnapshotResult(
        new SnapshotName("nightly"),
        Outcome.SUCCEEDED,
        Consistency.FILESYSTEM,
        List.of("Linux hooks cannot be proved"),
        Optional.of(
            new PointInTime(
                Instant.parse("2024-02-29T12:00:00.001Z"),
                Instant.parse("2024-02-29T12:00:00.002Z"))),
        Optional.of(Duration.ofNanos(133_456_789)),
        Optional.of(Duration.ofNanos(1_200_499)),
        1,
        Duration.ZERO,
        GuestState.THAWED,
        List.of(
            new DiskSnapshot(
                "virtio0",
                "qemu",
                "prepared",
                Optional.of("sp-0a1b2c3d-0-overlay"),
                Optional.of(overlay),
                base),
            new DiskSnapshot(
                "virtio1", "lvm", "thick", Optional.empty(), Optional.empty(), volume)),
        List.of("pflash0"),
        List.of("the thaw hook failed"),
        Optional.empty());
  }

  static SnapshotResult ended(Outcome outcome, GuestState guest) {
    return new SnapshotResult(
        new SnapshotName("nightly"),
        outcome,
        Consistency.NONE,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        0,
        Duration.ZERO,
        guest,
        List.of(),
        List.of(),
        List.of(),
        outcome == Outcome.SUCCEEDED
            ? Optional.empty()
            : Optional.of(Failure.ofDisk(ErrorCode.NO_SUCH_DISK, "there is no such disk", "vdz")));
  }
}
