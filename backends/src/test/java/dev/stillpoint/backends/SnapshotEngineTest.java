package dev.stillpoint.backends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.Fault;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The engine on one machine at a time, over a monitor and an agent in this process. */
@Timeout(60)
class SnapshotEngineTest {
  @TempDir private Path state;
  private final FakeAgent agent = FakeAgent.start();
  private final FakeQmpServer monitor = FakeQmpServer.start();
  private final QmpClient qmp = QmpClient.connect(monitor.endpoint()).join();
  private final QgaClient qga = QgaClient.connect(agent.endpoint()).join();

  @AfterEach
  void close() {
    qga.close();
    qmp.close();
    monitor.close();
    agent.close();
  }

  private SnapshotOperation start() {
    return SnapshotEngine.builder()
        .monitor(qmp)
        .agent(qga)
        .journal(JournalDirectory.in(state))
        .build()
        .start(SnapshotRequest.named("nightly"));
  }

  private static SnapshotResult join(SnapshotOperation operation) {
    return operation.result().toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }

  @Test
  void aMachineThatIsHeldByEitherEndpointIsRefusedByName() {
    for (Endpoint endpoint : List.of(monitor.endpoint(), agent.endpoint())) {
      MachineLock other = MachineLock.take(List.of(endpoint), "cafe0001", "freeze");
      try {
        SnapshotResult result = join(start());

        assertEquals(Outcome.FAILED, result.outcome(), result::toString);
        assertEquals(GuestState.NEVER_FROZEN, result.guest());
        assertEquals(ErrorCode.BUSY, result.error().orElseThrow().code());
        String told = result.error().orElseThrow().message();
        assertTrue(told.contains("operation cafe0001 (freeze)"), told);
      } finally {
        other.close();
      }
    }
  }

  @Test
  void theLockIsHeldUntilTheResultIsToldAndFreeThen() {
    // given: the first operation waits for an answer that does not come
    monitor.fault("query-status", Fault.LOST);
    SnapshotOperation first = start();
    List<Endpoint> machine = List.of(monitor.endpoint(), agent.endpoint());
    // then
    assertEquals(first.id(), MachineLock.owner(machine).orElseThrow().operation());
    SnapshotResult second = join(start());
    assertTrue(second.error().orElseThrow().message().contains(first.id()), second::toString);
    // when
    first.requestCancel();
    join(first);
    // then
    assertEquals(Optional.empty(), MachineLock.owner(machine));
  }
}
