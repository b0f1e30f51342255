package dev.stillpoint.backends.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.testing.FakeAgent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What comes between a freeze and its guard. */
@Timeout(60)
class GuardedFreezerTest {
  private static final Deadline LATER = Deadline.after(Duration.ofSeconds(30));

  @TempDir private Path state;

  @Test
  void aFreezeWhoseGuardIsReadyOnlyAfterTheThawIsNeverWritten() throws Exception {
    // given a guard that takes its time to start
    var inner = new Recording();
    try (FakeAgent agent = FakeAgent.start();
        QgaClient client = QgaClient.connect(agent.endpoint()).join()) {
      Freezer freezer =
          GuardedFreezer.guarded(inner, "0badcafe", state.resolve("0badcafe.jsonl"), client);
      CompletionStage<FreezeReport> freeze = freezer.freeze(LATER);
      // when the caller cancels meanwhile
      freezer.thaw(LATER);
      // then
      var refused =
          assertThrows(
              ExecutionException.class,
              () -> freeze.toCompletableFuture().get(30, TimeUnit.SECONDS));
      var cause = assertInstanceOf(FreezeException.class, refused.getCause());
      assertTrue(cause.writtenNanos().isEmpty(), cause::toString);
      assertEquals(List.of("thaw"), inner.asked);
      freezer.release();
    }
  }

  private static final class Recording implements Freezer {
    private final List<String> asked = new CopyOnWriteArrayList<>();

    @Override
    public CompletionStage<FreezeReport> freeze(Deadline deadline) {
      asked.add("freeze");
      long now = System.nanoTime();
      return CompletableFuture.completedFuture(new FreezeReport(1, now, now));
    }

    @Override
    public CompletionStage<ThawReport> thaw(Deadline deadline) {
      asked.add("thaw");
      long now = System.nanoTime();
      return CompletableFuture.completedFuture(
          new ThawReport(Consistency.CRASH, List.of(), List.of(), now, now));
    }

    @Override
    public void release() {}
  }
}
