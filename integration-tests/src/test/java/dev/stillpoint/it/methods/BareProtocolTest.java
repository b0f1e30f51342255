package dev.stillpoint.it.methods;

import static dev.stillpoint.it.methods.GuestlessMachine.image;
import static dev.stillpoint.it.methods.GuestlessMachine.soon;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.testkit.HostCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk whose node is a protocol alone, with no format above it: an export of NBD. */
@Timeout(60)
class BareProtocolTest {
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");
  private static final Duration SOON = Duration.ofSeconds(30);

  @TempDir private Path temporary;
  private Path home;
  private Path far;
  private Path overlay;
  private String address;
  private ProcessHandle server;
  private GuestlessMachine machine;

  @BeforeEach
  void aMachineWithAnExport() throws IOException {
    home = temporary.toRealPath();
    far = home.resolve("far.raw");
    overlay = home.resolve("far.nightly.qcow2");
    Path socket = home.resolve("nbd.sock");
    Path pid = home.resolve("nbd.pid");
    address = "nbd+unix://?socket=" + socket;
    run("qemu-img", "create", "-q", "-f", "raw", far.toString(), "4M");
    run("qemu-io", "-f", "raw", "-c", "write -q -P 1 0 4M", far.toString());
    run(
        "qemu-nbd",
        "--fork",
        "--persistent",
        "-e",
        "4",
        "-f",
        "raw",
        "-k",
        socket.toString(),
        "--pid-file",
        pid.toString(),
        far.toString());
    server = ProcessHandle.of(Long.parseLong(Files.readString(pid).strip())).orElseThrow();
    machine =
        GuestlessMachine.on(
            image(home),
            "-blockdev",
            "driver=nbd,node-name=far,server.type=unix,server.path=" + socket,
            "-device",
            "virtio-blk-pci,id=vd1,drive=far");
  }

  @AfterEach
  void end() {
    machine.close();
    server.destroy();
  }

  private String run(String... command) {
    return HostCommand.run(home, List.of(command));
  }

  private static SelectedDisk disk() {
    return SelectedDisk.named("vd1");
  }

  /** Takes a snapshot, and writes all of the disk after it. */
  private SnapshotResult takenAndWritten() {
    SnapshotResult result = machine.take("nightly", disk().withOverlay(overlay), engine -> engine);
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    for (String command : List.of("write -q -P 2 0 4M", "flush")) {
      var line = "qemu-io -d /machine/peripheral/vd1/virtio-backend \"" + command + "\"";
      var arguments = JsonNodeFactory.instance.objectNode().put("command-line", line);
      machine.monitor().execute("human-monitor-command", arguments, SOON).join();
    }
    return result;
  }

  private void assertOverlay(int octet) {
    run("qemu-io", "-r", "-f", "qcow2", "-c", "read -P " + octet + " 0 4M", overlay.toString());
  }

  @Test
  void itsOverlayNamesItAsRawAndOpensAlone() {
    // when
    SnapshotResult result = takenAndWritten();
    machine.close();
    // then
    assertEquals(new DiskSource.Remote(address, "raw"), result.disks().get(0).backupSource());
    assertEquals(List.of(), result.warnings());
    String info = run("qemu-img", "info", overlay.toString());
    assertTrue(info.contains("backing file format: raw"), info);
    assertOverlay(2);
  }

  @Test
  void aMergeBringsTheMachineBackToIt() {
    // given
    takenAndWritten();
    List<StoredSnapshot> found = machine.store().list(disk().withMethod("qemu"), soon());
    assertEquals(Optional.of(new DiskSource.Remote(address, "raw")), found.get(0).backupSource());
    // when
    Optional<DiskSource> now = machine.store().delete(disk().withMethod("qemu"), NIGHTLY, soon());
    // then
    assertEquals(Optional.of(new DiskSource.Remote(address, "raw")), now);
    assertFalse(Files.exists(overlay));
    run("qemu-io", "-r", "-f", "raw", "-c", "read -P 2 0 4M", address);
  }

  @Test
  void aRevertBeginsTheOverlayAnew() {
    // given
    takenAndWritten();
    machine.close();
    assertOverlay(2);
    // when
    SnapshotStore.ofBareDisks()
        .revert(SelectedDisk.named(overlay.toString()).withMethod("qemu"), NIGHTLY, soon());
    // then
    assertOverlay(1);
  }
}
