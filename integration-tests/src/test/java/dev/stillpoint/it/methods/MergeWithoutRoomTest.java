package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.QueryJobs;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import dev.stillpoint.testkit.storage.LoopMount;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A running machine whose image has no room for what its overlay holds. */
@Timeout(60)
class MergeWithoutRoomTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");
  private static final SelectedDisk DISK = SelectedDisk.named("vd0").withMethod("qemu");

  @TempDir private Path temporary;

  private void run(String... command) {
    HostCommand.run(temporary, List.of(command));
  }

  private static Deadline soon() {
    return Deadline.after(SOON);
  }

  private static SnapshotResult take(QmpClient monitor, Path overlay) {
    var engine = SnapshotEngine.builder().monitor(monitor).build();
    var request =
        SnapshotRequest.named(NIGHTLY.text())
            .disk(DISK.withOverlay(overlay))
            .quiesce(Quiesce.NEVER);
    return engine.start(request).result().toCompletableFuture().join();
  }

  /** As its guest would. */
  private static void write(QmpClient monitor, int octet) {
    var line = "qemu-io d0 \"write -q -P " + octet + " 0 4M\"";
    var arguments = JsonNodeFactory.instance.objectNode().put("command-line", line);
    monitor.execute("human-monitor-command", arguments, SOON).join();
  }

  @Test
  void theMachineGoesOnAndTheMergeIsTakenUpLater() throws Exception {
    try (LoopMount small = LoopMount.ext4(16 << 20)) {
      // given
      Path base = small.path().resolve("disk.qcow2");
      run("qemu-img", "create", "-q", "-f", "qcow2", base.toString(), "4M");
      Path overlay = temporary.toRealPath().resolve("top.qcow2");
      try (QemuProcess qemu =
              QemuProcess.machineNone(
                  "-machine",
                  "q35,accel=tcg",
                  "-S",
                  "-drive",
                  "if=none,id=d0,format=qcow2,file=" + base,
                  "-device",
                  "virtio-blk-pci,id=vd0,drive=d0");
          QmpClient monitor = QmpClient.connect(Endpoint.unix(qemu.qmp())).join()) {
        assertEquals(Outcome.SUCCEEDED, take(monitor, overlay).outcome());
        write(monitor, 1);
        Path filler = small.path().resolve("filler");
        run(
            "sh",
            "-c",
            "dd if=/dev/zero of=\"$1\" bs=64k conv=fsync 2> /dev/null; true",
            "sh",
            filler.toString());
        var store = SnapshotStore.of(monitor);
        // when
        var failed =
            assertThrows(SnapshotException.class, () -> store.delete(DISK, NIGHTLY, soon()));
        // then
        assertEquals(ErrorCode.NO_SPACE, failed.failure().code(), failed::toString);
        assertEquals(List.of(), monitor.execute(new QueryJobs()).join());
        StoredSnapshot told = store.list(DISK, soon()).get(0);
        assertEquals(overlay.toString(), told.place());
        assertEquals(Optional.empty(), told.backupSource());
        assertTrue(told.trouble().isPresent(), told::toString);
        write(monitor, 2);
        // and once there is room
        Files.delete(filler);
        assertEquals(
            Optional.of(new DiskSource.File(base, "qcow2")), store.delete(DISK, NIGHTLY, soon()));
        assertFalse(Files.exists(overlay));
      }
      run("qemu-io", "-r", "-f", "qcow2", "-c", "read -P 2 0 4M", base.toString());
    }
  }
}
