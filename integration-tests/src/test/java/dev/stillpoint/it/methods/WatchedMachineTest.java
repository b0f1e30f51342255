package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.QueryNamedBlockNodes;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Somebody looks at the machine's block nodes all the time, as monitoring does, and so do our own
 * commands. A QEMU that makes an image by {@code blockdev-create} meanwhile dies of it (7.2).
 */
@Timeout(60)
class WatchedMachineTest {
  private static final int SNAPSHOTS = 20;

  @TempDir private Path temporary;

  @Test
  void itOutlivesEverySnapshot() throws Exception {
    // given
    Path home = temporary.toRealPath();
    Path image = home.resolve("disk.qcow2");
    HostCommand.run(
        home, List.of("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "4M"));
    Path second = home.resolve("watch.sock");
    var done = new AtomicBoolean();
    var looks = new AtomicInteger();
    try (QemuProcess qemu =
            QemuProcess.machineNone(
                "-qmp",
                "unix:" + second + ",server=on,wait=off",
                "-machine",
                "q35,accel=tcg",
                "-drive",
                "if=none,id=d0,format=qcow2,file=" + image,
                "-device",
                "virtio-blk-pci,id=vd0,drive=d0");
        QmpClient monitor = QmpClient.connect(Endpoint.unix(qemu.qmp())).join();
        QmpClient watch = QmpClient.connect(Endpoint.unix(second)).join()) {
      CompletableFuture<Void> watching =
          CompletableFuture.runAsync(() -> {
            while (!done.get()) {
              watch.execute(QueryNamedBlockNodes.of()).join();
              looks.incrementAndGet();
            }
          });
      for (int run = 0; run < SNAPSHOTS; run++) {
        // when
        SnapshotResult result =
            SnapshotEngine.builder()
                .monitor(monitor)
                .journal(JournalDirectory.in(home.resolve("state")))
                .build()
                .start(SnapshotRequest.named("run" + run).disk("vd0").quiesce(Quiesce.NEVER))
                .result()
                .toCompletableFuture()
                .join();
        // then
        assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      }
      done.set(true);
      watching.join();
      assertTrue(monitor.execute(new QueryStatus()).join().running());
      assertTrue(looks.get() > SNAPSHOTS, looks::toString);
    }
  }
}
