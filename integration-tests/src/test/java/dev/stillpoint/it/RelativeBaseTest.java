package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.qemu.QemuWay;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A base that names its own backing file by a relative path: what comes on top of it is named as
 * QEMU names it, or QEMU would call the next overlay's backing file {@code json:{...}}.
 */
@Timeout(60)
class RelativeBaseTest {
  @TempDir private Path temporary;

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SYNC_ABSOLUTE")
  void overlaysOnItAreBackedByPlainPaths(QemuWay way) throws IOException {
    Path images = Files.createDirectory(temporary.toRealPath().resolve("images"));
    run(images, "qemu-img", "create", "-q", "-f", "qcow2", "root.qcow2", "8M");
    run(
        images,
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-b",
        "root.qcow2",
        "-F",
        "qcow2",
        "top.qcow2");
    try (QemuProcess qemu =
            QemuProcess.machineNone(
                "-machine",
                "q35,accel=tcg",
                "-drive",
                "if=none,id=drive0,format=qcow2,file=" + images.resolve("top.qcow2"),
                "-device",
                "virtio-blk-pci,id=vd0,drive=drive0");
        QmpClient monitor = QmpClient.connect(Endpoint.unix(qemu.qmp())).join()) {

      SnapshotResult beside = take(monitor, way, SnapshotRequest.named("beside"));
      Path far = Files.createDirectory(temporary.resolve("far")).resolve("far.qcow2");
      SnapshotResult away =
          take(
              monitor,
              way,
              SnapshotRequest.named("away").disk(SelectedDisk.named("vd0").withOverlay(far)));

      assertTold(beside);
      assertTold(away);
      Path first = images.resolve("top.beside.qcow2");
      assertTrue(info(first).contains("backing file: " + images.resolve("top.qcow2")), info(first));
      assertTrue(info(far).contains("backing file: " + first), info(far));
    }
  }

  private static void assertTold(SnapshotResult result) {
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(List.of(), result.warnings());
  }

  private static SnapshotResult take(QmpClient monitor, QemuWay way, SnapshotRequest request) {
    return SnapshotEngine.builder()
        .monitor(monitor)
        .qemuWay(way)
        .build()
        .start(request.quiesce(Quiesce.NEVER))
        .result()
        .toCompletableFuture()
        .join();
  }

  private static String info(Path image) {
    return run(Path.of("/"), "qemu-img", "info", "-U", image.toString());
  }

  private static String run(Path directory, String... command) {
    return HostCommand.run(directory, List.of(command));
  }
}
