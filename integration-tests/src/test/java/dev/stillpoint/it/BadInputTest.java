package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatus;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatusResult;
import dev.stillpoint.qga.qapi.GuestFsfreezeThaw;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.Cont;
import dev.stillpoint.qmp.qapi.QueryBlock;
import dev.stillpoint.qmp.qapi.Stop;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.GuestDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is wrong: a clear word, a safe guest, and nothing left behind. */
@SuppressWarnings("NullAway.Init")
class BadInputTest {
  private static Machine machine;

  @BeforeAll
  static void start() {
    machine = Machine.threeDisks();
  }

  @AfterAll
  static void stop() {
    machine.close();
  }

  @Test
  void aMonitorThatDoesNotExist(@TempDir Path directory) {
    assertConnectFails(directory.resolve("missing.sock"), "missing.sock");
  }

  @Test
  void aMonitorThatAnotherClientHolds() {
    assertConnectFails(machine.guest.qmp(), "another client");
  }

  @Test
  void aSocketThatIsNoMonitor() throws IOException {
    Path socket = machine.guest.directory().resolve("no-monitor.sock");
    var address = java.net.UnixDomainSocketAddress.of(socket);
    try (var server =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      server.bind(address);
      var greeter =
          Thread.ofPlatform()
              .start(() -> {
                try (var client = server.accept()) {
                  client.write(
                      java.nio.ByteBuffer.wrap(
                          "220 mail ready\r\n"
                              .getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
                  client.read(java.nio.ByteBuffer.allocate(1));
                } catch (IOException ended) {
                  // The client went first.
                }
              });
      assertConnectFails(socket, "does not speak QMP");
      greeter.interrupt();
    } finally {
      Files.deleteIfExists(socket);
    }
  }

  private static void assertConnectFails(Path socket, String told) {
    var options = QmpOptions.defaults().withConnectTimeout(Duration.ofMillis(500));
    var failed =
        assertThrows(
            CompletionException.class,
            () -> QmpClient.connect(Endpoint.unix(socket), options).join());
    assertTrue(String.valueOf(failed.getMessage()).contains(told), failed::toString);
  }

  @Test
  void anAgentThatIsNotThereIsRefusedOrMakesItACrash() {
    var nobody = Failure.of(ErrorCode.AGENT_UNAVAILABLE, "nobody answers");

    SnapshotResult required =
        machine.take(SnapshotRequest.named("none"), engine -> engine.noAgent(nobody));
    machine.assertRefused(required, ErrorCode.AGENT_UNAVAILABLE, "nobody answers");

    try (Machine other = Machine.threeDisks()) {
      SnapshotResult preferred =
          other.take(
              SnapshotRequest.named("none").quiesce(Quiesce.PREFER),
              engine -> engine.noAgent(nobody));
      assertEquals(Consistency.CRASH, preferred.consistency(), preferred::toString);
      assertEquals(List.of("nobody answers"), preferred.reasons());
    }
  }

  @Test
  void anUnknownDisk() {
    machine.assertRefused(
        machine.take(SnapshotRequest.named("x").disk("vd9")), ErrorCode.NO_SUCH_DISK, "vd9");
  }

  @Test
  void theSameDiskUnderTwoNames() {
    machine.assertRefused(
        machine.take(SnapshotRequest.named("x").disk("vd0").disk("disk0")),
        ErrorCode.BAD_REQUEST,
        "same disk");
  }

  @Test
  void anUnknownMethod() {
    machine.assertRefused(
        machine.take(SnapshotRequest.named("x").disk("vd0", "tape")),
        ErrorCode.BAD_REQUEST,
        "tape");
  }

  @Test
  void anUnknownMountPoint() {
    machine.assertRefused(
        machine.take(SnapshotRequest.named("x").mountpoints(List.of("/data0", "/nowhere"))),
        ErrorCode.BAD_REQUEST,
        "/nowhere");
  }

  @Test
  void anOverlayThatExistsIsNotOverwritten(@TempDir Path directory) throws IOException {
    Path precious = Files.writeString(directory.resolve("precious"), "mine");

    machine.assertRefused(take(precious), ErrorCode.OVERLAY_UNUSABLE, "exists");

    assertEquals("mine", Files.readString(precious));
  }

  @Test
  void anOverlayThatIsAnotherDisk() {
    machine.assertRefused(
        take(machine.guest.images().get(1)), ErrorCode.OVERLAY_UNUSABLE, "machine uses");
  }

  @Test
  void anOverlayThatIsGivenTwice(@TempDir Path directory) {
    Path twice = directory.resolve("twice.qcow2");
    SnapshotRequest request =
        SnapshotRequest.named("x")
            .disk(SelectedDisk.named("vd0").withOverlay(twice))
            .disk(SelectedDisk.named("vd1").withOverlay(twice));

    machine.assertRefused(machine.take(request), ErrorCode.OVERLAY_UNUSABLE, "two disks");
  }

  @Test
  void anOverlayWhoseDirectoryIsMissing(@TempDir Path directory) {
    machine.assertRefused(
        take(directory.resolve("missing/x.qcow2")), ErrorCode.OVERLAY_UNUSABLE, "does not exist");
  }

  @Test
  void anOverlayWhoseDirectoryIsReadOnly(@TempDir Path directory) {
    HostCommand.run(directory, List.of("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", "."));
    try {
      machine.assertRefused(
          take(directory.resolve("x.qcow2")), ErrorCode.OVERLAY_UNUSABLE, "cannot be written");
    } finally {
      HostCommand.run(Path.of("/"), List.of("umount", directory.toString()));
    }
  }

  @Test
  void aFullFileSystemWhileOverlaysAreMade(@TempDir Path directory) throws IOException {
    HostCommand.run(directory, List.of("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", "."));
    try {
      machine.assertRefused(take(directory.resolve("x.qcow2")), ErrorCode.NO_SPACE, "x.qcow2");
      try (var left = Files.list(directory)) {
        assertEquals(List.of(), left.toList());
      }
    } finally {
      HostCommand.run(Path.of("/"), List.of("umount", directory.toString()));
    }
  }

  private static SnapshotResult take(Path overlay) {
    return machine.take(
        SnapshotRequest.named("x").disk(SelectedDisk.named("vd0").withOverlay(overlay)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "../climb", "a/b", "two\nlines", ".hidden", "-option", "sp ace"})
  void aNameThatIsNone(String name) {
    assertThrows(IllegalArgumentException.class, () -> new SnapshotName(name));
  }

  @Test
  void aDiskThatAJobWorksOn(@TempDir Path directory) {
    Path target = directory.resolve("mirror.raw");
    machine.qmp(
        "drive-mirror",
        Machine.json()
            .put("job-id", "busy")
            .put("device", "disk0")
            .put("target", target.toString())
            .put("sync", "full")
            .put("format", "raw")
            .put("speed", 1));
    try {
      SnapshotResult result = machine.take(SnapshotRequest.named("x"));
      assertEquals(ErrorCode.DISK_UNSUITABLE, result.error().orElseThrow().code());
      assertTrue(result.error().orElseThrow().message().contains("job"), result::toString);
      assertEquals(GuestState.NEVER_FROZEN, result.guest());
    } finally {
      machine.qmp("block-job-cancel", Machine.json().put("device", "busy").put("force", true));
      org.awaitility.Awaitility.await()
          .until(() ->
              machine.monitor.execute(new dev.stillpoint.qmp.qapi.QueryJobs()).join().isEmpty());
    }
    machine.assertNothingLeft();
  }

  @Test
  void aGuestThatSomebodyElseHasFrozenStaysTheirs() {
    AgentSafety.require(machine.guest);
    machine.agent.execute(new GuestFsfreezeFreeze()).join();
    try {
      SnapshotResult result = machine.take(SnapshotRequest.named("x").quiesce(Quiesce.PREFER));
      assertEquals(ErrorCode.ALREADY_FROZEN, result.error().orElseThrow().code());
      assertEquals(
          GuestFsfreezeStatusResult.FROZEN,
          machine.agent.execute(new GuestFsfreezeStatus()).join());
      machine.assertNothingLeft();
    } finally {
      machine.agent.execute(new GuestFsfreezeThaw()).join();
    }
    machine.assertWritesOn();
  }

  @Test
  void aPausedGuestIsRefusedOrCutAsACrash() {
    try (Machine paused = Machine.threeDisks()) {
      paused.monitor.execute(new Stop()).join();

      SnapshotResult required = paused.take(SnapshotRequest.named("x"));
      assertEquals(ErrorCode.MACHINE_NOT_READY, required.error().orElseThrow().code());
      paused.assertNothingLeft();

      SnapshotResult preferred = paused.take(SnapshotRequest.named("x").quiesce(Quiesce.PREFER));
      assertEquals(Outcome.SUCCEEDED, preferred.outcome(), preferred::toString);
      assertEquals(Consistency.CRASH, preferred.consistency());
      paused.monitor.execute(new Cont()).join();
      paused.assertWritesOn();
    }
  }

  @Test
  void aDiskUnderAThrottleIsCutBelowItAndStaysThrottled() {
    GuestConfig config =
        GuestConfig.threeDisks()
            .withDisk(0, GuestDisk.of(GuestDisk.FileSystem.EXT4).throttled(100L << 20));
    try (Machine throttled = Machine.start(config)) {
      SnapshotResult result = throttled.take(SnapshotRequest.named("x"));

      assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
      String top =
          throttled.monitor.execute(new QueryBlock()).join().stream()
              .map(device -> device.inserted())
              .map(node -> node == null ? "" : String.valueOf(node.drv()))
              .toList()
              .toString();
      assertTrue(top.contains("throttle"), top);
      throttled.assertWritesOn();
    }
  }

  @Test
  void aRawDiskGetsAnOverlayThatNamesItsFormat() {
    GuestConfig config =
        GuestConfig.threeDisks().withDisk(0, GuestDisk.of(GuestDisk.FileSystem.EXT4).raw());
    try (Machine raw = Machine.start(config)) {
      SnapshotResult result = raw.take(SnapshotRequest.named("x"));

      assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
      assertEquals("raw", result.disks().get(0).backupSource().format());
      assertEquals(List.of(), result.warnings());
      raw.assertWritesOn();
    }
  }

  @Test
  void aQemuThatQuitsInTheMiddleLeavesNoFile() {
    try (Machine dying = Machine.threeDisks()) {
      var engine =
          dying.engine(builder ->
              builder.listener(state -> {
                if (state.equals("preparing")) {
                  dying.qmp("quit", Machine.json());
                }
              }));

      SnapshotResult result =
          engine
              .start(
                  SnapshotRequest.named("x")
                      .timeout(Duration.ofSeconds(5))
                      .thawBound(Duration.ofSeconds(2)))
              .result()
              .toCompletableFuture()
              .join();

      assertTrue(result.outcome() != Outcome.SUCCEEDED, result::toString);
      try (var files = Files.list(dying.guest.directory())) {
        assertEquals(List.of(), files.filter(f -> f.toString().contains(".x.")).toList());
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
  }
}
