package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Snapshots inside the images of a machine that runs; its guest's writes are ours. */
@Timeout(60)
class QemuInternalInMachineTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String INTERNAL = "qemu-internal";
  private static final SelectedDisk DISK = SelectedDisk.named("vd0").withMethod(INTERNAL);

  @TempDir private Path temporary;
  private Path home = Path.of("");

  @BeforeEach
  void findHome() throws IOException {
    home = temporary.toRealPath();
  }

  private String run(String... command) {
    return HostCommand.run(home, List.of(command));
  }

  private Path image(Path file) {
    run("qemu-img", "create", "-q", "-f", "qcow2", file.toString(), "4M");
    return file;
  }

  private QemuProcess machine(Path... images) {
    var arguments = new ArrayList<>(List.of("-machine", "q35,accel=tcg"));
    arguments.addAll(List.of("-trace", "handle_qmp_command", "-D", trace().toString()));
    for (int i = 0; i < images.length; i++) {
      arguments.addAll(
          List.of(
              "-drive",
              "if=none,id=d" + i + ",format=qcow2,file=" + images[i],
              "-device",
              "virtio-blk-pci,id=vd" + i + ",drive=d" + i));
    }
    return QemuProcess.machineNone(arguments.toArray(String[]::new));
  }

  private Path trace() {
    return home.resolve("trace.log");
  }

  private SnapshotResult take(QmpClient monitor, SnapshotRequest request) {
    return SnapshotEngine.builder()
        .monitor(monitor)
        .journal(JournalDirectory.in(home.resolve("state")))
        .build()
        .start(request.quiesce(Quiesce.NEVER))
        .result()
        .toCompletableFuture()
        .join();
  }

  private static void assertRuns(QmpClient monitor) {
    assertTrue(monitor.execute(new QueryStatus()).join().running());
  }

  /** As the guest would, and to the disk; QEMU says nothing of what was written. */
  private static void write(QmpClient monitor, int octet) {
    for (String command : List.of("write -q -P " + octet + " 0 4M", "flush")) {
      var line = "qemu-io d0 \"" + command + "\"";
      var arguments = JsonNodeFactory.instance.objectNode().put("command-line", line);
      assertEquals(
          "", monitor.execute("human-monitor-command", arguments, SOON).join().asText().strip());
    }
  }

  /** Both methods are QEMU's: one transaction, one instant, and nobody is paused for it. */
  @ParameterizedTest
  @ValueSource(strings = {"qemu", INTERNAL})
  void besideOverlaysItGoesIntoTheSameTransaction(String first) throws IOException {
    // given
    String other = first.equals("qemu") ? INTERNAL : "qemu";
    try (QemuProcess qemu =
            machine(image(home.resolve("first.qcow2")), image(home.resolve("second.qcow2")));
        QmpClient monitor = QmpClient.connect(Endpoint.unix(qemu.qmp())).join()) {
      // when
      SnapshotResult result =
          take(monitor, SnapshotRequest.named("both").disk("vd0", first).disk("vd1", other));
      // then
      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(Consistency.CRASH, result.consistency());
      assertTrue(result.paused().isZero(), result::toString);
      assertEquals(List.of(), told("stop"));
      assertEquals(1, transactions().size(), transactions()::toString);
      assertEquals(List.of(first, other), result.disks().stream().map(d -> d.method()).toList());
      for (DiskSnapshot disk : result.disks()) {
        assertEquals(disk.method().equals("qemu"), disk.modifiedDisk().isPresent());
      }
      assertRuns(monitor);
    }
  }

  /** None of one method where the other's disk cannot be cut, whichever comes first. */
  @ParameterizedTest
  @ValueSource(strings = {"qemu", INTERNAL})
  void whereItsDiskHasNoRoomNoOverlayRemains(String first) throws Exception {
    try (LoopMount small = LoopMount.ext4(16 << 20)) {
      // given
      Path full = image(small.path().resolve("full.qcow2"));
      Path fine = image(home.resolve("fine.qcow2"));
      try (QemuProcess qemu = machine(full, fine);
          QmpClient monitor = QmpClient.connect(Endpoint.unix(qemu.qmp())).join()) {
        write(monitor, 1);
        fill(small.path().resolve("filler"));
        var request = SnapshotRequest.named("both");
        // when
        SnapshotResult result =
            take(
                monitor,
                first.equals("qemu")
                    ? request.disk("vd1", "qemu").disk(DISK)
                    : request.disk(DISK).disk("vd1", "qemu"));
        // then
        assertEquals(Outcome.FAILED, result.outcome(), result::toString);
        assertEquals(ErrorCode.NO_SPACE, result.error().orElseThrow().code(), result::toString);
        assertTrue(result.guestIsSafe(), result::toString);
        assertEquals(1, transactions().size(), transactions()::toString);
        assertEquals(List.of(), SnapshotStore.of(monitor).list(DISK, Deadline.after(SOON)));
        assertEquals(Set.of("fine.qcow2", "state", "trace.log"), filesAtHome());
        assertRuns(monitor);
        write(monitor, 2);
      }
      assertPattern(full, 2);
    }
  }

  private Set<String> filesAtHome() throws IOException {
    try (Stream<Path> files = Files.list(home)) {
      return files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
    }
  }

  /** Those that were meant; a rehearsal aborts its own. */
  private List<String> transactions() throws IOException {
    return told("transaction").stream().filter(line -> !line.contains("\"abort\"")).toList();
  }

  private List<String> told(String command) throws IOException {
    return Files.readAllLines(trace()).stream()
        .filter(line -> line.contains("\"execute\": \"" + command + "\""))
        .toList();
  }

  @Test
  void withoutRoomNothingIsLeftAndTheMachineGoesOn() throws Exception {
    try (LoopMount small = LoopMount.ext4(16 << 20)) {
      // given
      Path image = image(small.path().resolve("disk.qcow2"));
      Path filler = small.path().resolve("filler");
      try (QemuProcess qemu = machine(image);
          QmpClient monitor = QmpClient.connect(Endpoint.unix(qemu.qmp())).join()) {
        write(monitor, 1);
        fill(filler);
        // when
        SnapshotResult result = take(monitor, SnapshotRequest.named("inside").disk(DISK));
        // then
        assertEquals(Outcome.FAILED, result.outcome(), result::toString);
        var error = result.error().orElseThrow();
        assertEquals(ErrorCode.NO_SPACE, error.code(), result::toString);
        assertTrue(error.message().contains("No space left on device"), error::message);
        assertTrue(result.guestIsSafe(), result::toString);
        assertEquals(List.of(), SnapshotStore.of(monitor).list(DISK, Deadline.after(SOON)));
        assertRuns(monitor);
        write(monitor, 2);
        // and once there is room
        Files.delete(filler);
        SnapshotResult again = take(monitor, SnapshotRequest.named("inside").disk(DISK));
        assertEquals(Outcome.SUCCEEDED, again.outcome(), again::toString);
        write(monitor, 3);
      }
      String info = run("qemu-img", "info", image.toString());
      assertEquals(1, info.lines().filter(line -> line.contains("inside.sp-")).count(), info);
      String inside =
          run("qemu-img", "snapshot", "-l", image.toString())
              .lines()
              .filter(line -> line.contains("inside.sp-"))
              .map(line -> line.strip().split(" +", 3)[1])
              .findFirst()
              .orElseThrow();
      assertPattern(image, 3);
      run("qemu-img", "snapshot", "-a", inside, image.toString());
      assertPattern(image, 2);
    }
  }

  private void assertPattern(Path image, int octet) {
    run("qemu-io", "-r", "-f", "qcow2", "-c", "read -P " + octet + " 0 4M", image.toString());
  }

  /** To the last block: the large ones leave some of them. */
  private static void fill(Path file) {
    for (String size : List.of("64k", "1k")) {
      HostCommand.run(
          Path.of("/"),
          List.of(
              "sh",
              "-c",
              "dd if=/dev/zero bs=\"$2\" conv=fsync,notrunc oflag=append of=\"$1\" 2> /dev/null; true",
              "sh",
              file.toString(),
              size));
    }
  }
}
