package dev.stillpoint.testkit.demo;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.oracle.Finding;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.oracle.WriteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Boots a guest with three disks and a writer, takes one quiesced and one plain snapshot of it, and
 * shows from outside what each of them is worth. The guest goes when this ends, also on Ctrl-C.
 */
public final class Demo {
  private static final double NANOS_PER_SECOND = 1e9;
  private static final double NANOS_PER_MILLI = 1e6;
  private static final Duration WRITER_PATIENCE = Duration.ofSeconds(30);

  private static volatile boolean over;

  private boolean good = true;

  private Demo() {}

  /** Runs the demonstration; exit code 0 when everything was as promised. */
  public static void main(String[] args) {
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(Demo::interrupted));
    int code = 1;
    try {
      code = new Demo().run();
    } catch (RuntimeException e) {
      say("\nThe demo failed: " + e.getMessage());
    }
    over = true;
    System.exit(code);
  }

  /** The guest is taken from under the demo; what that still says of it would be of no use. */
  private static void interrupted() {
    if (!over) {
      say("\nInterrupted; the guest is gone again, and nothing was shown.");
      over = true;
    }
  }

  private int run() {
    say("Building a guest from Debian packages (kept for the next time) and booting it ...");
    long began = System.nanoTime();
    try (Guest guest = Guest.boot(GuestConfig.threeDisks())) {
      guest.awaitAgent();
      say(
          "  it is up after %s: disks vd0 (ext4), vd1 (xfs), vd2 (ext4), a writer, a guest agent"
              .formatted(seconds(System.nanoTime() - began)));
      try (QmpClient monitor = QmpClient.connect(Endpoint.unix(guest.qmp())).join();
          QgaClient agent = QgaClient.connect(Endpoint.unix(AgentSafety.require(guest))).join()) {
        SnapshotEngine engine = SnapshotEngine.builder().monitor(monitor).agent(agent).build();
        quiesced(guest, engine);
        plain(guest, engine);
      }
    }
    say(
        good
            ? "\nThe demo passed: the quiesced images are clean and agree, the guest ran on, and the"
                + " guest is gone again."
            : "\nThe demo did NOT show what it should; see above.");
    return good ? 0 : 1;
  }

  private void quiesced(Guest guest, SnapshotEngine engine) {
    say("\nA quiesced snapshot, as this command would take it:");
    say(
        "  stillpoint snapshot --qmp %s --qga %s --name nightly"
            .formatted(guest.qmp(), guest.agent()));
    long acknowledged = guest.awaitNextAck(WRITER_PATIENCE);
    SnapshotResult result = take(engine, SnapshotRequest.named("nightly"));
    tell(result);
    expect("the consistency is filesystem", result.consistency() == Consistency.FILESYSTEM);
    result
        .frozen()
        .ifPresent(frozen ->
            say(
                ("  the guest stood still for %s; our part of that, from its being frozen to the"
                        + " thaw being sent, was %s")
                    .formatted(
                        millis(frozen.toNanos()),
                        result.hold().map(hold -> millis(hold.toNanos())).orElse("unknown"))));
    say("\nThe proof, read from outside while the guest writes on:");
    try (Points points = Points.of(result.disks())) {
      judge("vd0, ext4, needs no recovery", points.get(0).ext4());
      judge("vd1, xfs, reads the same without its log", points.get(1).xfs());
      judge("vd2, ext4, needs no recovery", points.get(2).ext4());
      judge("the three disks are one instant", points.order(acknowledged).judge());
    }
    guest.awaitNextAck(WRITER_PATIENCE);
    say("  the guest's writer goes on");
  }

  private void plain(Guest guest, SnapshotEngine engine) {
    say("\nFor contrast, one without quiesce (--quiesce never), as after a crash:");
    long acknowledged = guest.awaitNextAck(WRITER_PATIENCE);
    SnapshotResult result = take(engine, SnapshotRequest.named("plain").quiesce(Quiesce.NEVER));
    tell(result);
    expect("the consistency is crash", result.consistency() == Consistency.CRASH);
    try (Points points = Points.of(result.disks())) {
      say("  vd0, ext4, needs no recovery: %s".formatted(points.get(0).ext4()));
      judge("the three disks are one instant all the same", points.order(acknowledged).judge());
    }
  }

  private static SnapshotResult take(SnapshotEngine engine, SnapshotRequest request) {
    return engine.start(request).result().toCompletableFuture().join();
  }

  private void tell(SnapshotResult result) {
    result.error().ifPresent(failure -> say("  error: %s".formatted(failure.message())));
    expect("it succeeded", result.outcome() == Outcome.SUCCEEDED);
    say("  consistency: " + result.consistency().name().toLowerCase(Locale.ROOT));
    for (DiskSnapshot disk : result.disks()) {
      say(
          "  %s: the machine writes to %s"
              .formatted(disk.disk(), path(disk.modifiedDisk().orElseThrow())));
      say("       a backup may read    %s".formatted(path(disk.backupSource())));
    }
  }

  private static String path(DiskSource source) {
    return source.address();
  }

  private void judge(String what, Finding finding) {
    good &= finding.good();
    say("  %s: %s".formatted(what, finding));
  }

  private void expect(String what, boolean holds) {
    good &= holds;
    if (!holds) {
      say("  NOT AS PROMISED: %s".formatted(what));
    }
  }

  private static String seconds(long nanos) {
    return String.format(Locale.ROOT, "%.1f s", nanos / NANOS_PER_SECOND);
  }

  private static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.1f ms", nanos / NANOS_PER_MILLI);
  }

  private static void say(String text) {
    if (!over) {
      System.out.println(text);
    }
  }

  /** The three points in time, read into raw copies. */
  private record Points(List<FrozenImage> images) implements AutoCloseable {
    static Points of(List<DiskSnapshot> disks) {
      List<FrozenImage> images = new ArrayList<>();
      for (DiskSnapshot disk : disks) {
        DiskSource.File source = (DiskSource.File) disk.backupSource();
        images.add(FrozenImage.of(source.path(), source.format()));
      }
      return new Points(images);
    }

    FrozenImage get(int index) {
      return images.get(index);
    }

    WriteOrder order(long acknowledged) {
      return new WriteOrder(
          List.of(get(0).ext4Sequence(), get(1).xfsSequence(), get(2).ext4Sequence()),
          acknowledged);
    }

    @Override
    public void close() {
      images.forEach(FrozenImage::close);
    }
  }
}
