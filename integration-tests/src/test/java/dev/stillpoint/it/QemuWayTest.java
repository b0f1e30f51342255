package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.qemu.QemuWay;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.BlockDeviceInfo;
import dev.stillpoint.qmp.qapi.QueryJobs;
import dev.stillpoint.qmp.qapi.QueryNamedBlockNodes;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every way of cutting, on a real QEMU whose machine has two disks and no guest. */
@Timeout(60)
class QemuWayTest {
  private static final SnapshotRequest REQUEST =
      SnapshotRequest.named("way").quiesce(Quiesce.NEVER);

  @TempDir private Path temporary;
  private Path directory = Path.of("");

  @BeforeEach
  void makeImages() throws IOException {
    HostTools.require("qemu-system-x86_64", "qemu-img");
    directory = Files.createDirectory(temporary.toRealPath().resolve("images"));
    for (int i = 0; i < 2; i++) {
      HostCommand.run(
          directory, List.of("qemu-img", "create", "-q", "-f", "qcow2", base(i).toString(), "8M"));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "PREPARED")
  void aDiskOfADriveOptionIsCutByItsDeviceName(QemuWay way) throws IOException {
    try (QemuProcess qemu = drives();
        QmpClient monitor = connect(qemu)) {
      SnapshotResult alone = take(monitor, way, REQUEST.disk("drive0"));
      SnapshotResult both = take(monitor, way, SnapshotRequest.named("2").quiesce(Quiesce.NEVER));

      assertEquals(Outcome.SUCCEEDED, alone.outcome(), alone::toString);
      assertEquals(Outcome.SUCCEEDED, both.outcome(), both::toString);
      assertEquals(List.of(), both.warnings());
      assertEquals(
          List.of(way.toString(), way.toString()),
          both.disks().stream().map(disk -> disk.way()).toList());
      List<String> commands =
          Files.readAllLines(trace()).stream()
              .filter(line -> line.contains("\"device\": \"drive0\"") && !line.contains("abort"))
              .toList();
      assertEquals(2, commands.size(), commands::toString);
      assertTrue(commands.get(0).contains("\"execute\": \"blockdev-snapshot-sync\""));
      assertTrue(commands.get(1).contains("\"execute\": \"transaction\""));
      assertBacked("base0.way.qcow2", base(0));
      assertBacked("base0.2.qcow2", directory.resolve("base0.way.qcow2"));
      assertBacked("base1.2.qcow2", base(1));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aDryRunLeavesNothing(QemuWay way) throws IOException {
    try (QemuProcess qemu = drives();
        QmpClient monitor = connect(qemu)) {
      List<String> before = files();

      SnapshotResult result = take(monitor, way, REQUEST.dryRun(true));

      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(List.of(), result.warnings());
      assertNothingLeft(monitor, before);
    }
  }

  /** The second disk cannot be flushed: the transaction undoes what it did to the first. */
  @ParameterizedTest
  @EnumSource
  void aFailingRehearsalLeavesNothing(QemuWay way) throws IOException {
    try (QemuProcess qemu = drivesOfWhichTheSecondCannotBeFlushed();
        QmpClient monitor = connect(qemu)) {
      monitor
          .execute(
              "human-monitor-command",
              Machine.json()
                  .put(
                      "command-line",
                      "qemu-io -d /machine/peripheral/vd1/virtio-backend \"write 0 64k\""))
          .join();
      List<String> before = files();
      var second = SelectedDisk.named("vd1").withOverlay(directory.resolve("overlay1.qcow2"));

      SnapshotResult result = take(monitor, way, REQUEST.disk("vd0").disk(second));

      assertEquals(Outcome.FAILED, result.outcome(), result::toString);
      assertEquals(ErrorCode.PREPARE_FAILED, result.error().orElseThrow().code());
      assertTrue(result.error().orElseThrow().message().contains("rehearsal"), result::toString);
      assertNothingLeft(monitor, before);
      assertTrue(Files.readString(trace()).contains("abort"), "it came to the rehearsal");
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFileThatExistsIsNotOverwritten(QemuWay way) throws IOException {
    try (QemuProcess qemu = drives();
        QmpClient monitor = connect(qemu)) {
      Path precious = Files.writeString(directory.resolve("precious"), "mine");
      List<String> before = files();

      SnapshotResult result =
          take(
              monitor,
              way,
              REQUEST.disk("vd0").disk(SelectedDisk.named("vd1").withOverlay(precious)));

      assertEquals(ErrorCode.OVERLAY_UNUSABLE, result.error().orElseThrow().code());
      assertEquals("mine", Files.readString(precious));
      assertNothingLeft(monitor, before);
    }
  }

  @Test
  void aDiskThatIsNoFileOfThisHostGetsAnOverlayToo() throws IOException {
    try (QemuProcess qemu = drivesOfWhichTheSecondCannotBeFlushed();
        QmpClient monitor = connect(qemu)) {
      Path overlay = directory.resolve("overlay1.qcow2");

      SnapshotResult result =
          take(
              monitor,
              QemuWay.PREPARED,
              REQUEST.disk(SelectedDisk.named("vd1").withOverlay(overlay)));

      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertTrue(Files.size(overlay) > 0);
    }
  }

  private static SnapshotResult take(QmpClient monitor, QemuWay way, SnapshotRequest request) {
    return SnapshotEngine.builder()
        .monitor(monitor)
        .qemuWay(way)
        .build()
        .start(request)
        .result()
        .toCompletableFuture()
        .join();
  }

  private static QmpClient connect(QemuProcess qemu) {
    return QmpClient.connect(Endpoint.unix(qemu.qmp())).join();
  }

  private QemuProcess drives() {
    return machine(
        "-drive",
        "if=none,id=drive0,format=qcow2,file=" + base(0), //
        "-device",
        "virtio-blk-pci,id=vd0,drive=drive0", //
        "-drive",
        "if=none,id=drive1,format=qcow2,file=" + base(1), //
        "-device",
        "virtio-blk-pci,id=vd1,drive=drive1");
  }

  private QemuProcess drivesOfWhichTheSecondCannotBeFlushed() {
    String failing =
        """
        {"driver": "qcow2", "node-name": "disk1", "file": {
          "driver": "blkdebug", "image": {"driver": "file", "filename": "%s"},
          "inject-error": [{"event": "none", "iotype": "flush", "errno": 5}]}}\
        """
            .formatted(base(1));
    return machine(
        "-drive",
        "if=none,id=drive0,format=qcow2,file=" + base(0), //
        "-device",
        "virtio-blk-pci,id=vd0,drive=drive0", //
        "-blockdev",
        failing, //
        "-device",
        "virtio-blk-pci,id=vd1,drive=disk1");
  }

  private QemuProcess machine(String... disks) {
    var arguments = new ArrayList<>(List.of("-machine", "q35,accel=tcg"));
    arguments.addAll(List.of("-trace", "handle_qmp_command", "-D", trace().toString()));
    arguments.addAll(List.of(disks));
    return QemuProcess.machineNone(arguments.toArray(String[]::new));
  }

  private Path base(int index) {
    return directory.resolve("base" + index + ".qcow2");
  }

  private Path trace() {
    return directory.resolveSibling("trace.log");
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(Path::toString).sorted().toList();
    }
  }

  private void assertNothingLeft(QmpClient monitor, List<String> before) throws IOException {
    assertEquals(before, files());
    List<BlockDeviceInfo> nodes = monitor.execute(QueryNamedBlockNodes.of().withFlat(true)).join();
    assertTrue(
        nodes.stream().noneMatch(node -> String.valueOf(node.nodeName()).startsWith("sp-")),
        nodes::toString);
    assertEquals(List.of(), monitor.execute(new QueryJobs()).join());
  }

  private void assertBacked(String overlay, Path backing) {
    String info = HostCommand.run(directory, List.of("qemu-img", "info", "-U", overlay));
    assertTrue(info.contains("backing file: " + backing), info);
    assertTrue(info.contains("backing file format: qcow2"), info);
  }
}
