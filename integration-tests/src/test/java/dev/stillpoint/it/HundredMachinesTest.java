package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.HostCommand;
import dev.stillpoint.testkit.guest.QemuProcess;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Trap;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A hundred operations at once in one process, on storage daemons: real monitors and images. */
@Timeout(120)
class HundredMachinesTest {
  private static final int MANY = 100;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Its own, its listener's, and one that waits for QEMU. */
  private static final int THREADS_OF_AN_OPERATION = 3;

  /** Event loops and the like, which all operations share. */
  private static final int SHARED_THREADS = 16;

  @TempDir private Path directory;

  private final List<QemuProcess> daemons = new ArrayList<>();
  private final List<QmpClient> monitors = new ArrayList<>();

  @AfterEach
  void end() {
    monitors.forEach(QmpClient::close);
    daemons.forEach(QemuProcess::close);
  }

  private SnapshotEngine engine(Path socket) {
    QmpClient monitor = QmpClient.connect(Endpoint.unix(socket)).join();
    monitors.add(monitor);
    return SnapshotEngine.builder()
        .monitor(monitor)
        .journal(JournalDirectory.in(directory.resolve("state")))
        .build();
  }

  /** A node without a user could not be cut, so it is exported. */
  private QemuProcess daemon(int number) throws IOException {
    Path own = Files.createDirectory(directory.toRealPath().resolve("m" + number));
    Path image = own.resolve("base.qcow2");
    HostCommand.run(
        own, List.of("qemu-img", "create", "-q", "-f", "qcow2", image.toString(), "8M"));
    QemuProcess daemon =
        QemuProcess.storageDaemon(
            "--blockdev",
            "driver=file,node-name=file0,filename=" + image,
            "--blockdev",
            "driver=qcow2,node-name=disk0,file=file0",
            "--nbd-server",
            "addr.type=unix,addr.path=" + own.resolve("nbd.sock"),
            "--export",
            "type=nbd,id=export0,node-name=disk0,writable=on");
    daemons.add(daemon);
    return daemon;
  }

  private static SnapshotRequest request() {
    return SnapshotRequest.named("many").disk("disk0").quiesce(Quiesce.NEVER);
  }

  private static SnapshotResult result(SnapshotOperation operation) {
    return operation.result().toCompletableFuture().join();
  }

  @Test
  void aHundredMachinesAreCutAtOnceWithAHandfulOfThreadsEach() throws Exception {
    // given: all stand at their cuts together, so that none can have waited for another's end
    var engines = new ArrayList<SnapshotEngine>();
    var cuts = new ArrayList<Trap>();
    var proxies = new ArrayList<FaultProxy>();
    try {
      for (int i = 0; i < MANY; i++) {
        FaultProxy proxy = FaultProxy.before(daemon(i).qmp());
        proxies.add(proxy);
        cuts.add(proxy.arm(Moment.replyTo("transaction").number(2), Fault.hold()));
        engines.add(engine(proxy.socket()));
      }
      int before = threads();
      // when
      List<SnapshotOperation> operations =
          engines.stream().map(engine -> engine.start(request())).toList();
      cuts.forEach(cut -> cut.await(PATIENCE));
      int during = threads();
      cuts.forEach(Trap::release);
      List<SnapshotResult> results = operations.stream().map(one -> result(one)).toList();
      // then
      results.forEach(one -> assertEquals(Outcome.SUCCEEDED, one.outcome(), one::toString));
      int most = before + MANY * THREADS_OF_AN_OPERATION + SHARED_THREADS;
      assertTrue(during <= most, () -> "%d threads, and %d before".formatted(during, before));
      assertEquals(List.of(), JournalDirectory.in(directory.resolve("state")).operations());
      for (int i = 0; i < MANY; i++) {
        assertTrue(Files.exists(directory.resolve("m" + i).resolve("base.many.qcow2")));
      }
    } finally {
      proxies.forEach(FaultProxy::close);
    }
  }

  @Test
  void ofAHundredOperationsOnOneMachineOneRunsAndTheOthersNameIt() throws Exception {
    // given: the one that runs stands at its cut
    try (FaultProxy proxy = FaultProxy.before(daemon(0).qmp())) {
      Trap cut = proxy.arm(Moment.replyTo("transaction").number(2), Fault.hold());
      SnapshotEngine engine = engine(proxy.socket());
      // when
      List<SnapshotOperation> operations = new ArrayList<>();
      for (int i = 0; i < MANY; i++) {
        operations.add(engine.start(request()));
      }
      cut.await(PATIENCE);
      List<SnapshotResult> refused = operations.stream().skip(1).map(one -> result(one)).toList();
      cut.release();
      SnapshotResult first = result(operations.get(0));
      // then
      assertEquals(Outcome.SUCCEEDED, first.outcome(), first::toString);
      for (SnapshotResult one : refused) {
        var error = one.error().orElseThrow();
        assertEquals(ErrorCode.BUSY, error.code(), one::toString);
        assertTrue(error.message().contains("snapshot many"), error::message);
        assertTrue(error.message().contains(operations.get(0).id()), error::message);
      }
    }
  }

  private static int threads() {
    return ManagementFactory.getThreadMXBean().getThreadCount();
  }
}
