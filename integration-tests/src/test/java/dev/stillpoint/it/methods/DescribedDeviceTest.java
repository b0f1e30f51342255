package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.stillpoint.backends.DescribedSnapshot;
import dev.stillpoint.backends.DiskSnapshots;
import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A {@code <disk type='block'>} of libvirt's, found in a machine whose disk is a device. */
@Timeout(60)
class DescribedDeviceTest {
  @TempDir private Path temporary;
  private Path home = Path.of("");
  private String device = "";

  @BeforeEach
  void makeDevice() throws IOException {
    HostTools.require("losetup");
    home = temporary.toRealPath();
    Path image = Files.write(home.resolve("disk.raw"), new byte[FileDisks.SIZE]);
    device = HostCommand.run(home, List.of("losetup", "-f", "--show", image.toString())).strip();
  }

  @AfterEach
  void removeDevice() {
    if (!device.isEmpty()) {
      HostCommand.run(home, List.of("losetup", "-d", device));
    }
  }

  private static String xml(Path source) {
    return "<disk type='block' device='disk'><driver name='qemu' type='raw'/><source dev='"
        + source
        + "'/><target dev='vda' bus='virtio'/></disk>";
  }

  @Test
  void itIsFoundByAnotherPathToItAndBecomesAFileAboveTheDevice() throws IOException {
    // given
    Path link = Files.createSymbolicLink(home.resolve("by-id"), Path.of(device));
    Path overlay = home.resolve("overlay.qcow2");
    String method = "<diskSnapshot method='qemu'><overlay path='" + overlay + "'/></diskSnapshot>";
    try (QemuProcess qemu = machine();
        QmpClient monitor = QmpClient.connect(Endpoint.unix(qemu.qmp())).join()) {
      // when
      DescribedSnapshot taken =
          DiskSnapshots.create(engine(monitor), xml(link), Optional.of(method), "n", Set.of())
              .result()
              .toCompletableFuture()
              .join();
      // then
      assertEquals(Outcome.SUCCEEDED, taken.result().outcome(), taken::toString);
      DescribedSnapshot.Disk disk = taken.disks().get(0);
      assertEquals(
          Optional.of(
              "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='"
                  + overlay
                  + "'/><target dev='vda' bus='virtio'/></disk>"),
          disk.modifiedDiskXml());
      assertEquals(Optional.of("<source dev='" + link + "'/>"), disk.backupSourceXml());
      assertEquals(device, disk.snapshot().backupSource().address());
    }
  }

  private QemuProcess machine() {
    return QemuProcess.machineNone(
        "-machine",
        "q35,accel=tcg",
        "-S",
        "-blockdev",
        "driver=host_device,node-name=file0,filename=" + device,
        "-blockdev",
        "driver=raw,node-name=disk0,file=file0",
        "-device",
        "virtio-blk-pci,id=vd0,drive=disk0");
  }

  private SnapshotEngine engine(QmpClient monitor) {
    return SnapshotEngine.builder()
        .monitor(monitor)
        .journal(JournalDirectory.in(home.resolve("state")))
        .build();
  }
}
