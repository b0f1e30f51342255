package dev.stillpoint.backends.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.testing.FakeAgent;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An owner who stood still, and finds that its guard is done; the guard is a script. */
@Timeout(60)
class TakenOverFreezeTest {
  private static final Duration STANDSTILL = Guard.DEADLINE.plusSeconds(10);
  private static final Deadline LATER = Deadline.after(Duration.ofSeconds(30));

  private final ScriptedWords words = new ScriptedWords();
  private final List<String> asked = new CopyOnWriteArrayList<>();
  private String guardSays = "done";
  private boolean releaseFails;

  @Test
  void aFreezeThatMayHaveComeAfterTheGuardsThawIsThawedByItsOwner() {
    // given: the process stops before the freeze's bytes go, and goes on after the guard is done
    ThawReport thaw = frozenAndThawed(STANDSTILL, Duration.ZERO);
    // then
    assertEquals(List.of("freeze", "thaw"), asked);
    assertEquals(Consistency.CRASH, thaw.reached());
    assertFalse(thaw.freezeHeld());
  }

  @Test
  void aFreezeThatWasAnsweredBeforeIsThawedByTheGuardAlone() {
    ThawReport thaw = frozenAndThawed(Duration.ZERO, STANDSTILL);

    assertEquals(List.of("freeze"), asked);
    assertEquals(Consistency.CRASH, thaw.reached());
  }

  @Test
  void aFreezeThatTheGuardHadBegunToThawIsNoProofWhateverTheAgentCounts() {
    // given: the guard stops in the middle, and all is the owner's again
    guardSays = "back";
    // when
    ThawReport thaw = frozenAndThawed(Duration.ZERO, STANDSTILL);
    // then
    assertEquals(List.of("freeze", "thaw"), asked);
    assertEquals(Consistency.CRASH, thaw.reached());
    assertFalse(thaw.freezeHeld());
  }

  @Test
  void aGuardThatHasDoneNothingTakesNothingFromTheProof() {
    // given: this process was slow, and no more than that
    guardSays = "armed";
    // when
    ThawReport thaw = frozenAndThawed(Duration.ZERO, STANDSTILL);
    // then
    assertEquals(List.of("freeze", "thaw"), asked);
    assertEquals(Consistency.FILESYSTEM, thaw.reached());
  }

  @Test
  void aReleaseThatFailsKeepsNoGuard() {
    // given
    releaseFails = true;
    // when
    assertThrows(IllegalStateException.class, () -> frozenAndThawed(Duration.ZERO, Duration.ZERO));
    // then
    assertTrue(words.heard().contains("disarm"), () -> words.heard().toString());
  }

  private ThawReport frozenAndThawed(Duration beforeTheAnswer, Duration afterIt) {
    try (FakeAgent agent = FakeAgent.start();
        QgaClient client = QgaClient.connect(agent.endpoint()).join();
        Guards guards = Guards.kept()) {
      guards.giveBack(new Guard(words, words::nanos));
      words.after(Duration.ofMillis(1), "have").after(Duration.ZERO, "armed").answers(guardSays);
      var operation = new OperationGuard(guards, "0badcafe", "test", Optional.empty());
      Freezer freezer = new GuardedFreezer(new Inner(beforeTheAnswer), client, operation);
      join(freezer.freeze(LATER));
      words.pass(afterIt);
      ThawReport thaw = join(freezer.thaw(LATER));
      freezer.release();
      return thaw;
    }
  }

  private static <T> T join(CompletionStage<T> stage) {
    return stage.toCompletableFuture().orTimeout(30, TimeUnit.SECONDS).join();
  }

  private final class Inner implements Freezer {
    private final Duration standstill;

    Inner(Duration standstill) {
      this.standstill = standstill;
    }

    @Override
    public CompletionStage<FreezeReport> freeze(Deadline deadline) {
      asked.add("freeze");
      words.pass(standstill);
      return CompletableFuture.completedFuture(new FreezeReport(1, 0, 0));
    }

    @Override
    public CompletionStage<ThawReport> thaw(Deadline deadline) {
      asked.add("thaw");
      return CompletableFuture.completedFuture(
          new ThawReport(Consistency.FILESYSTEM, List.of(), List.of(), 0, 0));
    }

    @Override
    public void release() {
      if (releaseFails) {
        throw new IllegalStateException("the connection is stuck");
      }
    }
  }
}
