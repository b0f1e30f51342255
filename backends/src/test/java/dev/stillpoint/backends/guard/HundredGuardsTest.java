package dev.stillpoint.backends.guard;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.guest.GuestQuiescer;
import dev.stillpoint.core.snapshot.FreezeScope;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.testing.FakeAgent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** As many guests as a host may have are held at once, each with a guard of its own. */
@Timeout(300)
class HundredGuardsTest {
  private static final int MANY = 100;
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  private final List<FakeAgent> agents = new ArrayList<>();
  private final List<QgaClient> clients = new ArrayList<>();
  private final List<OperationGuard> guards = new ArrayList<>();

  @AfterEach
  void close() {
    guards.forEach(OperationGuard::end);
    clients.forEach(QgaClient::close);
    agents.forEach(FakeAgent::close);
  }

  @Test
  void allAreFrozenTogetherAndThawed() {
    // given: all begin at once
    List<Freezer> freezers = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      freezers.add(freezer(i));
    }
    awaitAll(freezers.stream().map(one -> one.prepare(Deadline.after(PATIENCE))).toList());
    // when
    awaitAll(freezers.stream().map(one -> one.freeze(Deadline.after(PATIENCE))).toList());
    // then
    assertTrue(agents.stream().allMatch(FakeAgent::guestFrozen));
    awaitAll(freezers.stream().map(one -> one.thaw(Deadline.after(PATIENCE))).toList());
    freezers.forEach(Freezer::release);
    assertEquals(0, agents.stream().filter(FakeAgent::guestFrozen).count());
  }

  /** More at a time would be slower each, and too late. */
  @Test
  void onlySomeStartAtATime() throws Exception {
    // given: starts that take their time
    var launching = new AtomicInteger();
    var go = new CountDownLatch(1);
    GuardLaunch slow =
        (mainClass, arguments) -> {
          launching.incrementAndGet();
          awaitLatch(go);
          throw new IOException("no guard in this test");
        };
    // when
    for (int i = 0; i < 4 * Guard.MAX_STARTING; i++) {
      var guard =
          new OperationGuard(Guards.fresh().launchedBy(slow), "cafe" + i, "test", Optional.empty());
      guards.add(guard);
      guard.begin();
    }
    // then
    await()
        .during(Duration.ofMillis(500))
        .atMost(PATIENCE)
        .until(() -> launching.get() == Guard.MAX_STARTING);
    go.countDown();
    await().atMost(PATIENCE).until(() -> launching.get() == guards.size());
  }

  private Freezer freezer(int number) {
    FakeAgent agent = FakeAgent.start();
    agents.add(agent);
    QgaClient client = QgaClient.connect(agent.endpoint()).join();
    clients.add(client);
    var guard =
        new OperationGuard(Guards.fresh(), "cafe%04d".formatted(number), "test", Optional.empty());
    guards.add(guard);
    QuiesceCheck check =
        new GuardedQuiescer(new GuestQuiescer(client, Optional.empty()), client, guard)
            .check(new QuiesceOrder(FreezeScope.everything(), List.of()), Deadline.after(PATIENCE))
            .toCompletableFuture()
            .join();
    return ((QuiesceCheck.Ready) check).freezer();
  }

  private static void awaitLatch(CountDownLatch latch) throws IOException {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  private static void awaitAll(List<? extends CompletionStage<?>> stages) {
    CompletableFuture.allOf(
            stages.stream()
                .map(CompletionStage::toCompletableFuture)
                .toArray(CompletableFuture[]::new))
        .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
        .join();
  }
}
