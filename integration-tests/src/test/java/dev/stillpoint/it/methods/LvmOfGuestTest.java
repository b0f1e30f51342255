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
import dev.stillpoint.backends.lvm.LvmProvider;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.it.Machine;
import dev.stillpoint.testkit.HostTools;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.RemoteDisk;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.oracle.Finding;
import dev.stillpoint.testkit.oracle.FrozenImage;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Trap;
import dev.stillpoint.testkit.storage.ArrayGuest;
import dev.stillpoint.testkit.storage.ArraySsh;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A writing guest whose disk is a volume of an array, and is cut there. */
class LvmOfGuestTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");
  private static final GuestConfig CONFIG = GuestConfig.of(ArrayGuest.disk());

  @TempDir private Path directory;

  /** How the volume is made, and how the array is reached. */
  enum Way {
    /** A thin volume, by the array's agent. */
    THIN_BY_AGENT(true, "at"),
    /** A classic one, by ssh. */
    CLASSIC_BY_SSH(false, "at"),
    /** A thin one, by the program that the documentation gives as an example. */
    EXAMPLE(true, "agent");

    private final boolean isThin;

    /** The option that says where the array is. */
    private final String place;

    Way(boolean isThin, String place) {
      this.isThin = isThin;
      this.place = place;
    }

    SelectedDisk on(ArrayGuest array) {
      return switch (this) {
        case THIN_BY_AGENT -> lvm().withOption(place, "qga:unix:" + array.agent());
        case CLASSIC_BY_SSH ->
            lvm()
                .withOption(place, "ssh:" + ArraySsh.DESTINATION)
                .withOption("ssh-config", array.startSsh().config().toString());
        case EXAMPLE -> {
          HostTools.require("python3");
          yield SelectedDisk.named("vd0")
              .withMethod("exec")
              .withOption("program", ExecContractOnArray.EXAMPLE.toString())
              .withOption(place, array.agent().toString())
              .withOption("volume", "vg/disk");
        }
      };
    }

    private static SelectedDisk lvm() {
      return SelectedDisk.named("vd0").withMethod("lvm").withOption("device", "/dev/vg/disk");
    }

    SnapshotMethod method() {
      return (this == EXAMPLE ? new ExecProvider() : new LvmProvider()).create(Services.none());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aWritingGuestIsCutRevertedAndLeavesNothing(Way way) throws Exception {
    try (ArrayGuest array = ArrayGuest.start()) {
      SelectedDisk selected = way.on(array);
      try (Guest guest = onVolume(array, way.isThin);
          FaultProxy proxy = FaultProxy.beforeAgent(guest);
          Machine machine = Machine.on(guest, guest.qmp(), proxy.socket())) {
        // given
        Trap freezes = proxy.watch(Moment.request("guest-fsfreeze-freeze"));
        assertKnownBeforeTheFreeze(array, machine, selected);
        assertEquals(0, freezes.times());
        long acknowledged = guest.awaitNextAck(PATIENCE);
        // when
        SnapshotOperation operation = machine.engine(one -> one).start(request(selected));
        SnapshotResult result = operation.result().toCompletableFuture().join();
        // then
        assertQuiesced(result);
        assertEquals(1, freezes.times());
        DiskSnapshot disk = result.disks().get(0);
        assertEquals(
            selected.options().get(way.place) + " /dev/vg/disk.nightly",
            disk.backupSource().address());
        assertTrue(disk.modifiedDisk().isEmpty());
        assertReadOnly(array);
        if (way == Way.EXAMPLE) {
          assertTwiceIsOnce(array, operation.id());
        }
        assertClean(array, "one", acknowledged);
        machine.assertWritesOn();
        guest.shell("dd if=/dev/urandom of=/data0/more bs=1M count=4 conv=fsync 2> /dev/null");
        assertClean(array, "two", acknowledged);
        assertEquals(-1, mismatch("one", "two"));
        machine.assertNothingLeft();
      }
      assertBroughtBackAndRemoved(array, way.method(), selected);
      if (way == Way.EXAMPLE) {
        assertTrue(asked(array, "delete", "").path("ok").asBoolean());
      }
    }
  }

  /** What cannot be done is told while the guest runs, and leaves nothing. */
  private static void assertKnownBeforeTheFreeze(
      ArrayGuest array, Machine machine, SelectedDisk selected) {
    SnapshotRequest hurried = request(selected).freezeWindow(Duration.ofMillis(50));
    assertNeverFrozen(ErrorCode.WINDOW_EXCEEDED, "50 ms", machine.take(hurried));
    array.shell("mv /usr/sbin/lvcreate /usr/sbin/lvcreate.away");
    try {
      assertNeverFrozen(ErrorCode.TOOL_MISSING, "lvcreate", machine.take(request(selected)));
    } finally {
      array.shell("mv /usr/sbin/lvcreate.away /usr/sbin/lvcreate");
    }
    assertEquals(List.of("disk"), array.volumes());
    machine.assertNothingLeft();
  }

  private static void assertNeverFrozen(ErrorCode code, String told, SnapshotResult result) {
    assertEquals(Outcome.FAILED, result.outcome(), result::toString);
    Failure error = result.error().orElseThrow();
    assertEquals(code, error.code(), result::toString);
    assertTrue(error.message().contains(told), result::toString);
    assertEquals(GuestState.NEVER_FROZEN, result.guest(), result::toString);
  }

  /** When the guest has ended: the disk itself is compared with the first copy of the backup. */
  private void assertBroughtBackAndRemoved(
      ArrayGuest array, SnapshotMethod method, SelectedDisk selected) {
    var disk =
        new LocatedDisk(
            selected, new DiskSource.Remote("nbd://array", "raw"), CutDisk.named("vd0"));
    // While the array serves it, somebody may use it.
    var refused =
        assertThrows(
            CompletionException.class, () -> await(method.revert(disk, NIGHTLY, deadline())));
    assertEquals(
        ErrorCode.DISK_IN_USE, SnapshotException.failureOf(refused, ErrorCode.INTERNAL).code());
    array.unexportAll();
    assertFalse(diskEqualsSnapshot(array), "the guest wrote on");
    await(method.revert(disk, NIGHTLY, deadline()));
    copy(array, "disk", "disk");
    assertEquals(-1, mismatch("one", "disk"));
    assertTrue(diskEqualsSnapshot(array), "a revert keeps the snapshot");
    assertReadOnly(array);
    assertEquals(
        List.of("nightly"),
        await(method.list(disk, deadline())).stream().map(StoredSnapshot::name).toList());
    await(method.delete(disk, NIGHTLY, deadline()));
    assertEquals(List.of("disk"), array.volumes());
  }

  private static boolean diskEqualsSnapshot(ArrayGuest array) {
    return array
        .shell("cmp -s /dev/vg/disk /dev/vg/disk.nightly && echo equal || echo other")
        .strip()
        .equals("equal");
  }

  private static void assertReadOnly(ArrayGuest array) {
    String said =
        array.shell(
            "blockdev --getro %1$s; dd if=/dev/zero of=%1$s count=1 conv=fsync 2>&1 && echo written; true"
                .formatted("/dev/vg/disk.nightly"));
    assertTrue(said.startsWith("1\n") && !said.contains("written"), said);
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
    copy(array, "disk.nightly", name);
    try (FrozenImage image = FrozenImage.of(directory.resolve(name), "raw")) {
      Finding clean = image.ext4();
      assertTrue(clean.good(), clean::toString);
      assertTrue(image.ext4Sequence() >= acknowledged);
    }
  }

  private void copy(ArrayGuest array, String volume, String name) {
    RemoteDisk served = array.exportReadOnly(volume);
    array.copy(served, directory.resolve(name));
    array.unexport(served);
  }

  private long mismatch(String one, String two) {
    try {
      return java.nio.file.Files.mismatch(directory.resolve(one), directory.resolve(two));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
