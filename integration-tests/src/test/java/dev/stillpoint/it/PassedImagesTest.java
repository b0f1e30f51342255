package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.qemu.QemuWay;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.AddFd;
import dev.stillpoint.qmp.qapi.AddfdInfo;
import dev.stillpoint.qmp.qapi.QueryFdsets;
import dev.stillpoint.qmp.qapi.RemoveFd;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A QEMU whose image somebody has handed to it open, and calls {@code /dev/fdset/N}. */
@Timeout(60)
class PassedImagesTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  /** Each adds some 90 bytes. */
  private static final int DEEP = 55;

  @TempDir private Path temporary;
  private final List<AutoCloseable> open = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // before each test
  private Path images;

  @SuppressWarnings("NullAway.Init") // before each test
  private Path image;

  @BeforeEach
  void oneImage() throws IOException {
    images = Files.createDirectory(temporary.toRealPath().resolve("images"));
    image = images.resolve("disk.qcow2");
    run("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "8M");
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open.reversed()) {
      one.close();
    }
  }

  private QemuProcess qemu(String... arguments) {
    QemuProcess qemu = QemuProcess.machineNone(arguments);
    open.add(qemu);
    return qemu;
  }

  private static QmpClient connect(QemuProcess qemu) {
    return QmpClient.connect(Endpoint.unix(qemu.qmp())).join();
  }

  /** Hands the image over as whoever starts a machine does, and exports it as the node disk. */
  private AddfdInfo attach(QemuProcess qemu, @Nullable String opaque) throws IOException {
    try (QmpClient client = connect(qemu);
        var writing = new RandomAccessFile(image.toFile(), "rw");
        var reading = new FileInputStream(image.toFile())) {
      AddfdInfo set = add(client, AddFd.of().withOpaque(opaque), writing.getFD());
      var again = AddFd.of().withFdsetId(set.fdsetId()).withOpaque(opaque);
      var unused = add(client, again, reading.getFD());
      client
          .execute(
              "blockdev-add",
              Machine.json()
                  .put("driver", "qcow2")
                  .put("node-name", "disk")
                  .set("file", file("/dev/fdset/" + set.fdsetId())))
          .join();
      var address = Machine.json().put("type", "unix");
      address.putObject("data").put("path", qemu.directory().resolve("nbd").toString());
      client.execute("nbd-server-start", Machine.json().set("addr", address)).join();
      client
          .execute(
              "block-export-add",
              Machine.json()
                  .put("type", "nbd")
                  .put("id", "export")
                  .put("node-name", "disk")
                  .put("writable", true))
          .join();
      return set;
    }
  }

  private static com.fasterxml.jackson.databind.node.ObjectNode file(String name) {
    return Machine.json().put("driver", "file").put("filename", name);
  }

  private static AddfdInfo add(QmpClient client, AddFd command, FileDescriptor file) {
    return client.executeWithDescriptor(command, file, TIMEOUT).join();
  }

  private SnapshotResult take(QemuProcess qemu, SnapshotRequest request) {
    return take(qemu, request, SnapshotEngine.Builder::passFiles);
  }

  private SnapshotResult take(
      QemuProcess qemu, SnapshotRequest request, UnaryOperator<SnapshotEngine.Builder> configured) {
    try (QmpClient client = connect(qemu)) {
      return take(client, request, configured);
    }
  }

  private SnapshotResult take(
      QmpClient client, SnapshotRequest request, UnaryOperator<SnapshotEngine.Builder> configured) {
    var journal = JournalDirectory.in(temporary.resolve("state"));
    return configured
        .apply(SnapshotEngine.builder().monitor(client).journal(journal))
        .build()
        .start(request.quiesce(Quiesce.NEVER))
        .result()
        .toCompletableFuture()
        .join();
  }

  private void assertRefused(SnapshotResult result, ErrorCode code, String told) {
    assertEquals(Outcome.FAILED, result.outcome(), result::toString);
    var error = result.error().orElseThrow();
    assertEquals(code, error.code(), result::toString);
    assertTrue(error.message().contains(told), error::message);
    assertEquals(List.of(image), files());
  }

  private List<Path> files() {
    try (Stream<Path> files = Files.list(images)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private String run(String... command) {
    return HostCommand.run(images, List.of(command));
  }

  /** Where no path is told beside it, the kernel tells it. */
  @ParameterizedTest
  @ValueSource(strings = {"rdwr:PATH", "PATH", "a:b:PATH", "disk-0", ""})
  void itsPathIsWhatIsToldBesideIt(String opaque) throws IOException {
    QemuProcess qemu = qemu();
    attach(qemu, opaque.isEmpty() ? null : opaque.replace("PATH", image.toString()));
    Path last = image;
    for (String name : List.of("one", "two", "three")) {
      // when
      SnapshotResult result = take(qemu, SnapshotRequest.named(name));
      // then
      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(List.of(), result.warnings());
      var disk = result.disks().get(0);
      assertEquals(new DiskSource.File(last, "qcow2"), disk.backupSource());
      Path now = ((DiskSource.File) disk.modifiedDisk().orElseThrow()).path();
      String info = run("qemu-img", "info", "-U", now.toString());
      assertTrue(info.contains("backing file: " + last + "\n"), info);
      last = now;
    }
    // and a disk is found by it
    SnapshotResult inUse =
        take(
            qemu,
            SnapshotRequest.named("five")
                .disk(SelectedDisk.named(last.toString()).withOverlay(image)));
    assertEquals(ErrorCode.OVERLAY_UNUSABLE, inUse.error().orElseThrow().code());
    assertTrue(inUse.toString().contains("is an image that the machine uses"), inUse::toString);
  }

  /** QEMU's name of an image holds all that lie below it, and ends at 4096 bytes. */
  @Test
  void itIsKnownUnderMoreOverlaysThanTheNameOfAnImageHolds() throws IOException {
    QemuProcess qemu = qemu();
    attach(qemu, "rdwr:" + image);
    Path last = image;
    for (int i = 0; i < DEEP; i++) {
      Path next = images.resolve("deep" + i);
      // By its path: its node has another name each time.
      var wanted = SelectedDisk.named(last.toString()).withOverlay(next);
      SnapshotResult result = take(qemu, SnapshotRequest.named("deep" + i).disk(wanted));
      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(new DiskSource.File(last, "qcow2"), result.disks().get(0).backupSource());
      last = next;
    }
  }

  @Test
  void aPathThatNothingTellsIsRefused() throws IOException {
    QemuProcess qemu = qemu();
    attach(qemu, null);
    Files.move(image, images.resolve("disk.moved"));
    Files.copy(images.resolve("disk.moved"), image);
    Files.delete(images.resolve("disk.moved"));

    assertRefused(
        take(qemu, SnapshotRequest.named("unknown")), ErrorCode.DISK_UNSUITABLE, "nothing tells");
  }

  @Test
  void aPathThatIsNotTheFileIsRefused() throws IOException {
    QemuProcess qemu = qemu();
    attach(qemu, "rdwr:" + Files.createFile(temporary.toRealPath().resolve("other")));

    assertRefused(
        take(qemu, SnapshotRequest.named("lie")),
        ErrorCode.DISK_UNSUITABLE,
        "is not the file that the machine has open");
  }

  @Test
  void oneThatCouldNotBeWrittenAgainAfterTheCutIsRefused() throws IOException {
    QemuProcess qemu = qemu();
    AddfdInfo set = attach(qemu, "rdwr:" + image);
    try (QmpClient client = connect(qemu)) {
      client.execute(RemoveFd.of(set.fdsetId()).withFd(set.fd())).join();
    }

    assertRefused(
        take(qemu, SnapshotRequest.named("stuck")), ErrorCode.DISK_UNSUITABLE, "open for writing");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aDryRunLeavesNoOpenFileBehind(boolean running) throws IOException {
    QemuProcess qemu = running ? qemu() : qemu("-S");
    AddfdInfo set = attach(qemu, "rdwr:" + image);
    try (QmpClient client = connect(qemu)) {
      var request = SnapshotRequest.named("dry").dryRun(true);

      SnapshotResult result = take(client, request, SnapshotEngine.Builder::passFiles);

      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(List.of(image), files());
      if (running) {
        // A QEMU that does not run closes none, and forgets none, until it does.
        var left = client.execute(new QueryFdsets()).join();
        assertEquals(List.of(set.fdsetId()), left.stream().map(one -> one.fdsetId()).toList());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"sync-existing", "sync-absolute"})
  void otherWaysAreRefused(String way) throws IOException {
    QemuProcess qemu = qemu();
    attach(qemu, "rdwr:" + image);

    SnapshotResult result =
        take(
            qemu,
            SnapshotRequest.named("way"),
            engine -> engine.passFiles().qemuWay(QemuWay.parse(way)));

    assertRefused(result, ErrorCode.BAD_REQUEST, way);
  }

  @Test
  void aMonitorThatIsNoUnixSocketIsRefused() throws IOException {
    QemuProcess qemu =
        qemu(
            "-chardev",
            "socket,id=net,host=127.0.0.1,port=0,server=on,wait=off",
            "-mon",
            "chardev=net,mode=control");
    attach(qemu, "rdwr:" + image);
    int port;
    try (QmpClient client = connect(qemu)) {
      port = ListeningPort.of(client, "net");
    }
    try (QmpClient client = QmpClient.connect(Endpoint.tcp("127.0.0.1", port)).join()) {
      assertRefused(
          take(client, SnapshotRequest.named("tcp"), SnapshotEngine.Builder::passFiles),
          ErrorCode.BAD_REQUEST,
          "unix socket");
    }
  }

  @Test
  void aStorageDaemonIsRefusedBecauseItTakesNoOpenFiles() {
    try (QemuProcess daemon =
        QemuProcess.storageDaemon(
            "--blockdev",
            "driver=qcow2,node-name=disk,file.driver=file,file.filename=" + image,
            "--nbd-server",
            "addr.type=unix,addr.path=" + images.resolveSibling("nbd"),
            "--export",
            "type=nbd,id=export,node-name=disk,writable=on")) {
      assertRefused(take(daemon, SnapshotRequest.named("daemon")), ErrorCode.BAD_REQUEST, "add-fd");
    }
  }
}
