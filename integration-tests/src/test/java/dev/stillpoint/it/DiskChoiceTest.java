package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What counts as a disk of the machine where none is named, on a real QEMU without a guest. */
@Timeout(60)
class DiskChoiceTest {
  private static final SnapshotRequest REQUEST =
      SnapshotRequest.named("chosen").quiesce(Quiesce.NEVER);

  @TempDir private Path temporary;
  private Path base = Path.of("");

  @BeforeEach
  void makeImage() throws IOException {
    base = temporary.toRealPath().resolve("base.qcow2");
    image("qcow2", base, "8M");
  }

  private void image(String format, Path path, String size) {
    HostCommand.run(
        temporary, List.of("qemu-img", "create", "-q", "-f", format, path.toString(), size));
  }

  private QemuProcess machine(String... more) {
    var arguments = new ArrayList<>(List.of("-machine", "q35,accel=tcg"));
    arguments.addAll(List.of("-blockdev", "driver=file,node-name=file0,filename=" + base));
    arguments.addAll(List.of("-blockdev", "driver=qcow2,node-name=disk0,file=file0"));
    arguments.addAll(List.of("-device", "virtio-blk-pci,id=vd0,drive=disk0"));
    arguments.addAll(List.of(more));
    return QemuProcess.machineNone(arguments.toArray(String[]::new));
  }

  private static SnapshotResult take(QmpClient monitor, SnapshotRequest request) {
    return SnapshotEngine.builder()
        .monitor(monitor)
        .build()
        .start(request)
        .result()
        .toCompletableFuture()
        .join();
  }

  private static List<String> cut(SnapshotResult result) {
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    return result.disks().stream().map(disk -> disk.disk()).toList();
  }

  @Test
  void theFirmwaresVariablesAreNotCut() {
    Path variables = temporary.resolve("vars.raw");
    image("raw", variables, "64k");
    try (QemuProcess qemu = machine("-drive", "if=pflash,unit=0,format=raw,file=" + variables);
        QmpClient monitor = QmpClient.connect(Endpoint.unix(qemu.qmp())).join()) {

      SnapshotResult result = take(monitor, REQUEST);

      assertEquals(List.of("vd0"), cut(result));
      assertTrue(result.notCovered().toString().contains("firmware"), result::toString);
    }
  }

  @Test
  void aBackupSourceThatIsExportedIsNoDiskOfTheMachine() {
    try (QemuProcess qemu = machine();
        QmpClient monitor = QmpClient.connect(Endpoint.unix(qemu.qmp())).join()) {
      cut(take(monitor, REQUEST));
      monitor
          .execute(
              "nbd-server-start",
              Machine.json()
                  .set(
                      "addr",
                      Machine.json()
                          .put("type", "unix")
                          .set(
                              "data",
                              Machine.json()
                                  .put("path", temporary.resolve("nbd.sock").toString()))))
          .join();
      monitor
          .execute(
              "block-export-add",
              Machine.json().put("type", "nbd").put("id", "backup").put("node-name", "disk0"))
          .join();

      SnapshotResult again = take(monitor, SnapshotRequest.named("again").quiesce(Quiesce.NEVER));

      assertEquals(List.of("vd0"), cut(again));
    }
  }

  @Test
  void aFilterThatIsNotKnownIsNotEscapedFrom() {
    Path other = temporary.resolve("other.qcow2");
    image("qcow2", other, "8M");
    String filtered =
        """
        {"driver": "preallocate", "node-name": "top1",
         "file": {"driver": "file", "filename": "%s"}}\
        """
            .formatted(other);
    try (QemuProcess qemu =
            machine("-blockdev", filtered, "-device", "virtio-blk-pci,id=vd1,drive=top1");
        QmpClient monitor = QmpClient.connect(Endpoint.unix(qemu.qmp())).join()) {

      SnapshotResult result = take(monitor, REQUEST);

      assertEquals(ErrorCode.DISK_UNSUITABLE, result.error().orElseThrow().code());
      assertTrue(result.error().orElseThrow().message().contains("preallocate"), result::toString);
    }
  }
}
