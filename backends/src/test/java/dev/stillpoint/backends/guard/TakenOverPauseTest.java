package dev.stillpoint.backends.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An owner who stood still around a pause, and finds that its guard is done; it is a script. */
@Timeout(60)
class TakenOverPauseTest {
  private static final Duration STANDSTILL = Guard.DEADLINE.plusSeconds(10);
  private static final Deadline LATER = Deadline.after(Duration.ofSeconds(30));

  private final ScriptedWords words = new ScriptedWords();
  private final List<String> asked = new CopyOnWriteArrayList<>();

  @Test
  void aPauseThatMayHaveComeAfterTheGuardsResumeIsResumedByItsOwner() {
    // given: the process stops before the bytes of the stop go, and goes on when the guard is done
    Pauser pauser = pausedAndResumed(STANDSTILL, Duration.ZERO);
    // then
    assertEquals(List.of("pause", "resume"), asked);
    assertTrue(pauser.doubt().isPresent());
  }

  @Test
  void aPauseThatWasAnsweredBeforeIsResumedByTheGuardAlone() {
    Pauser pauser = pausedAndResumed(Duration.ZERO, STANDSTILL);

    assertEquals(List.of("pause"), asked);
    assertTrue(pauser.doubt().isPresent());
  }

  @Test
  void whoDidNotStandStillResumesItAndDoubtsNothing() {
    Pauser pauser = pausedAndResumed(Duration.ZERO, Duration.ZERO);

    assertEquals(List.of("pause", "resume"), asked);
    assertFalse(pauser.doubt().isPresent());
  }

  private Pauser pausedAndResumed(Duration beforeTheAnswer, Duration afterIt) {
    try (FakeQmpServer monitor = FakeQmpServer.start();
        QmpClient client = QmpClient.connect(monitor.endpoint()).join();
        Guards guards = Guards.kept()) {
      guards.giveBack(new Guard(words, words::nanos));
      words.after(Duration.ofMillis(1), "have").after(Duration.ZERO, "armed").answers("done");
      var operation = new OperationGuard(guards, "0badcafe", "test", Optional.empty());
      Pauser pauser = new GuardedPauser(new Inner(beforeTheAnswer), client, operation);
      join(pauser.prepare(LATER));
      join(pauser.pause(LATER));
      words.pass(afterIt);
      join(pauser.resume(LATER));
      operation.end();
      return pauser;
    }
  }

  private static <T> void join(CompletionStage<T> stage) {
    stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }

  private final class Inner implements Pauser {
    private final Duration standstill;

    Inner(Duration standstill) {
      this.standstill = standstill;
    }

    @Override
    public CompletionStage<MachineStatus> status(Deadline deadline) {
      return CompletableFuture.completedFuture(
          new MachineStatus(MachineStatus.Kind.RUNNING, "running"));
    }

    @Override
    public CompletionStage<Void> pause(Deadline deadline) {
      asked.add("pause");
      words.pass(standstill);
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> resume(Deadline deadline) {
      asked.add("resume");
      return CompletableFuture.completedFuture(null);
    }
  }
}
