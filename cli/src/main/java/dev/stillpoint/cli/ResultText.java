package dev.stillpoint.cli;

import dev.stillpoint.backends.DescribedSnapshot;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotResult;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A result in words for a person. */
final class ResultText {
  private static final double NANOS_PER_MILLI = 1e6;

  static final String PERSIST =
      "  The machine's configuration still names the old images. Store the new ones in it, or its"
          + " next start loses what is written from now on.";

  static final String XML =
      "  libvirt's XML of these disks is what -o json gives as modifiedDiskXml and backupSourceXml.";

  private ResultText() {}

  static String of(SnapshotResult result) {
    return of(DescribedSnapshot.plain(result));
  }

  static String of(DescribedSnapshot described) {
    SnapshotResult result = described.result();
    var lines = new ArrayList<String>();
    lines.add("snapshot " + result.name() + ": " + ResultJson.word(result.outcome()));
    result.error().ifPresent(failure -> lines.add("  error: " + error(failure)));
    if (!result.disks().isEmpty()) {
      lines.add("  consistency: " + ResultJson.word(result.consistency()));
    }
    result.reasons().forEach(reason -> lines.add("    because " + reason));
    result
        .pointInTime()
        .ifPresent(time -> lines.add("  point in time: " + time.from() + " to " + time.to()));
    boolean known = result.outcome() != Outcome.UNKNOWN;
    result.disks().forEach(disk -> lines.addAll(known ? of(disk) : undecided(disk)));
    result.frozen().ifPresent(frozen -> lines.add("  " + stoodStill(frozen, result.hold())));
    if (!result.paused().isZero()) {
      lines.add("  the machine was paused for " + millis(result.paused()));
    }
    lines.add("  guest: " + guest(result.guest()));
    result.notCovered().forEach(what -> lines.add("  not covered: " + what));
    result.warnings().forEach(warning -> lines.add("  warning: " + warning));
    if (known && result.disks().stream().anyMatch(disk -> disk.modifiedDisk().isPresent())) {
      lines.add(PERSIST);
    }
    if (!described.disks().isEmpty()) {
      lines.add(XML);
    }
    lines.replaceAll(Plain::line);
    return String.join("\n", lines) + "\n";
  }

  private static String error(Failure failure) {
    return failure.message() + failure.disk().map(disk -> " [disk " + disk + "]").orElse("");
  }

  private static String stoodStill(Duration frozen, Optional<Duration> hold) {
    return "the guest stood still for "
        + millis(frozen)
        + "; our part, from frozen to the thaw sent: "
        + hold.map(ResultText::millis).orElse("unknown");
  }

  static List<String> of(DiskSnapshot disk) {
    return List.of(
        "  disk " + disk.disk() + " (" + disk.method() + ", " + disk.way() + ")",
        "    the machine writes to: "
            + disk.modifiedDisk().map(ResultText::of).orElse("what it wrote to before"),
        "    a backup may read:     " + of(disk.backupSource()));
  }

  private static List<String> undecided(DiskSnapshot disk) {
    return List.of(
        "  disk " + disk.disk() + " (" + disk.method() + ", " + disk.way() + ")",
        "    the machine may write to: "
            + disk.modifiedDisk().map(ResultText::of).orElse("what it wrote to before"),
        "    over:                     " + of(disk.backupSource()));
  }

  static String of(DiskSource source) {
    String where =
        switch (source) {
          case DiskSource.Rbd rbd -> "rbd " + rbd.address();
          case DiskSource.Pooled volume -> "volume " + volume.address();
          case DiskSource.Internal inside ->
              "snapshot " + inside.snapshot() + " inside " + inside.image();
          case DiskSource.File file -> file.address();
          case DiskSource.Device device -> device.address();
          case DiskSource.Remote remote -> remote.address();
        };
    return where + " (" + source.format() + ")";
  }

  private static String guest(GuestState state) {
    return switch (state) {
      case NEVER_FROZEN -> "was never frozen";
      case THAWED -> "thawed";
      case MAYBE_FROZEN -> "MAY BE FROZEN: run 'stillpoint thaw' on it";
      case MAYBE_PAUSED -> "MAY BE PAUSED: continue it at its monitor";
    };
  }

  static String millis(Duration duration) {
    return String.format(Locale.ROOT, "%.1f ms", duration.toNanos() / NANOS_PER_MILLI);
  }
}
