package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.backends.exec.ExecProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.it.Machine;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.RemoteDisk;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.oracle.Finding;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.storage.ArrayGuest;
import dev.stillpoint.testkit.storage.ArraySsh;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A writing guest whose disk is a volume of an array, and is cut there. */
class LvmOfGuestTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");
  private static final GuestConfig CONFIG = GuestConfig.of(ArrayGuest.disk());

  @TempDir private Path directory;

  /** A thin volume by the array's agent, a classic one by ssh. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aQuiescedSnapshotIsCleanAndDoesNotChange(boolean thin) {
    try (ArrayGuest array = ArrayGuest.start();
        Guest guest = onVolume(array, thin);
        Machine machine = Machine.on(guest, guest.qmp(), guest.agent())) {
      // given
      SelectedDisk selected = thin ? byAgent(array) : bySsh(array);
      long acknowledged = guest.awaitNextAck(PATIENCE);
      // when
      SnapshotResult result = machine.take(request(selected));
      // then
      assertQuiesced(result);
      DiskSnapshot disk = result.disks().get(0);
      assertEquals(
          selected.options().get("at") + " /dev/vg/disk.nightly", disk.backupSource().address());
      assertTrue(disk.modifiedDisk().isEmpty());
      assertClean(array, "one", acknowledged);
      machine.assertWritesOn();
      guest.shell("dd if=/dev/urandom of=/data0/more bs=1M count=4 conv=fsync 2> /dev/null");
      assertClean(array, "two", acknowledged);
      assertEquals(-1, mismatch("one", "two"));
      machine.assertNothingLeft();
    }
  }

  @Test
  void theExamplesProgramDoesTheSame() throws Exception {
    try (ArrayGuest array = ArrayGuest.start()) {
      SelectedDisk selected = example(array);
      try (Guest guest = onVolume(array, true);
          Machine machine = Machine.on(guest, guest.qmp(), guest.agent())) {
        // given
        long acknowledged = guest.awaitNextAck(PATIENCE);
        // when
        SnapshotOperation operation = machine.engine(one -> one).start(request(selected));
        SnapshotResult result = operation.result().toCompletableFuture().join();
        // then
        assertQuiesced(result);
        assertTwiceIsOnce(array, operation.id());
        assertClean(array, "one", acknowledged);
        machine.assertWritesOn();
      }
      SnapshotMethod method = new ExecProvider().create(Services.none());
      var disk =
          new LocatedDisk(
              selected, new DiskSource.Remote("nbd://array", "raw"), CutDisk.named("vd0"));
      // While the array serves it, somebody may use it.
      assertThrows(
          CompletionException.class, () -> await(method.revert(disk, NIGHTLY, deadline())));
      array.unexportAll();
      await(method.revert(disk, NIGHTLY, deadline()));
      assertClean(array, "two", 0);
      assertEquals(-1, mismatch("one", "two"));
      assertEquals("nightly", await(method.list(disk, deadline())).get(0).name());
      await(method.delete(disk, NIGHTLY, deadline()));
      assertEquals(List.of("disk"), array.volumes());
      assertTrue(asked(array, "delete", "").path("ok").asBoolean());
    }
  }

  /** The program is asked once more by its own operation, and by another one. */
  private void assertTwiceIsOnce(ArrayGuest array, String operation) throws Exception {
    String made = array.shell("lvs --noheadings -o lv_uuid vg/disk.nightly");
    JsonNode other = asked(array, "cut", "0badcafe");
    assertFalse(other.path("ok").asBoolean(true), other::toString);
    JsonNode again = asked(array, "cut", operation);
    assertTrue(again.path("ok").asBoolean(), again::toString);
    assertEquals("ours", asked(array, "find", operation).path("presence").asText());
    assertEquals("foreign", asked(array, "find", "0badcafe").path("presence").asText());
    assertEquals(made, array.shell("lvs --noheadings -o lv_uuid vg/disk.nightly"));
  }

  /** The example's answer to a step of the contract. */
  private JsonNode asked(ArrayGuest array, String step, String operation) throws Exception {
    ObjectNode request = JsonNodeFactory.instance.objectNode();
    request.put("stillpoint", 1).put("action", step).put("operation", operation);
    request.put("timeoutMs", PATIENCE.toMillis());
    ObjectNode snapshot = request.putArray("snapshots").addObject();
    snapshot
        .put("snapshot", "vg/disk.nightly")
        .putObject("options")
        .put("agent", array.agent().toString())
        .put("volume", "vg/disk");
    Path file = Files.writeString(directory.resolve("request"), request.toString());
    Process program =
        new ProcessBuilder(ExecContractOnArray.EXAMPLE.toString())
            .redirectInput(file.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var answer = program.getInputStream()) {
      return new ObjectMapper().readTree(answer);
    } finally {
      program.destroyForcibly();
    }
  }

  private static SelectedDisk example(ArrayGuest array) {
    HostTools.require("python3");
    return SelectedDisk.named("vd0")
        .withMethod("exec")
        .withOption("program", ExecContractOnArray.EXAMPLE.toString())
        .withOption("agent", array.agent().toString())
        .withOption("volume", "vg/disk");
  }

  private static Deadline deadline() {
    return Deadline.after(PATIENCE);
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static Guest onVolume(ArrayGuest array, boolean thin) {
    long size = ArrayGuest.disk().sizeBytes();
    if (thin) {
      array.createThinVolume("disk", size);
    } else {
      array.createVolume("disk", size);
    }
    return WarmGuest.of(CONFIG).startWith(Map.of(0, array.placeOf("disk")));
  }

  private static SelectedDisk lvm() {
    return SelectedDisk.named("vd0").withMethod("lvm").withOption("device", "/dev/vg/disk");
  }

  private static SelectedDisk byAgent(ArrayGuest array) {
    return lvm().withOption("at", "qga:unix:" + array.agent());
  }

  private static SelectedDisk bySsh(ArrayGuest array) {
    return lvm()
        .withOption("at", "ssh:" + ArraySsh.DESTINATION)
        .withOption("ssh-config", array.startSsh().config().toString());
  }

  private static SnapshotRequest request(SelectedDisk disk) {
    return SnapshotRequest.named("nightly")
        .disk(disk)
        .freezeWindow(Duration.ofSeconds(20))
        .timeout(PATIENCE);
  }

  private static void assertQuiesced(SnapshotResult result) {
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
    assertTrue(result.guestIsSafe(), result::toString);
  }

  /** Reads the snapshot as a backup would, which takes an export of the array's. */
  private void assertClean(ArrayGuest array, String name, long acknowledged) {
    RemoteDisk served = array.exportReadOnly("disk.nightly");
    Path copy = directory.resolve(name);
    array.copy(served, copy);
    array.unexport(served);
    try (FrozenImage image = FrozenImage.of(copy, "raw")) {
      Finding clean = image.ext4();
      assertTrue(clean.good(), clean::toString);
      assertTrue(image.ext4Sequence() >= acknowledged);
    }
  }

  private long mismatch(String one, String two) {
    try {
      return java.nio.file.Files.mismatch(directory.resolve(one), directory.resolve(two));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
