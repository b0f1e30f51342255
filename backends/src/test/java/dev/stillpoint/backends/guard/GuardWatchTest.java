package dev.stillpoint.backends.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;

/** The guard's side of the conversation with its owner; no real time passes. */
class GuardWatchTest {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration BEAT = Duration.ofSeconds(1);

  private final ScriptedWords owner = new ScriptedWords();
  private final List<String> acts = new ArrayList<>();
  private final Owing debt = new Owing();

  private String keep() {
    return watch().keep();
  }

  private GuardWatch watch() {
    return new GuardWatch(
        owner, owner, debt, PATIENCE, () -> acts.add("taken over"), () -> acts.add("handed back"));
  }

  @Test
  void oneWhoStandsStillHasNotEnded() {
    // given
    GuardWatch watch = watch();
    // when
    assertEquals("thawed", watch.keep());
    // then
    assertFalse(watch.ownerEnded());
  }

  @Test
  void oneWhoHasEndedWritesNoFreezeAnyMore() {
    // given
    owner.after(BEAT, Words.ENDED);
    GuardWatch watch = watch();
    // when
    assertEquals("thawed", watch.keep());
    // then
    assertTrue(watch.ownerEnded());
  }

  /** A debt that is paid when so many attempts were made, each of which takes its time. */
  private final class Owing implements GuardWatch.Debt {
    private int attempts = 1;
    private boolean gone;
    private boolean unreachable;

    @Override
    public boolean pay(Duration attempt, BooleanSupplier stop) throws IOException {
      acts.add("attempt");
      if (unreachable) {
        throw new IOException("nobody there");
      }
      // As a real one does: it looks up while it waits for an answer.
      for (int step = 0; step < 10; step++) {
        owner.pass(Duration.ofMillis(10));
        if (stop.getAsBoolean()) {
          acts.add("stopped");
          return false;
        }
      }
      return --attempts == 0;
    }

    @Override
    public boolean isVoid() {
      return gone;
    }

    @Override
    public boolean isWatched() {
      return false;
    }

    @Override
    public void resumed() {
      acts.add("resumed");
    }

    @Override
    public void thawed() {
      acts.add("thawed");
    }

    @Override
    public String paid() {
      return "thawed";
    }
  }

  @Test
  void anOwnerThatSaysOnceASecondThatItLivesIsLeftAlone() {
    for (int i = 0; i < 60; i++) {
      owner.after(BEAT, "extend");
    }
    owner.after(BEAT, "resumed").after(BEAT, "thawed").after(BEAT, "disarm");

    assertEquals("disarmed", keep());
    assertEquals(List.of("resumed", "thawed"), acts);
  }

  @Test
  void anOwnerThatEndsIsReplacedAtOnceAndUntilItIsPaid() {
    owner.after(BEAT, Words.ENDED);
    debt.attempts = 3;

    assertEquals("thawed", keep());
    assertEquals(List.of("taken over", "attempt", "attempt", "attempt"), acts);
  }

  @Test
  void anOwnerThatSaysNothingUntilTheDeadlineIsReplaced() {
    long begun = owner.nanos();
    owner.after(PATIENCE.plusMinutes(1), "disarm");

    assertEquals("thawed", keep());
    Duration taken = Duration.ofNanos(owner.nanos() - begun);
    assertTrue(taken.compareTo(PATIENCE) > 0 && taken.compareTo(PATIENCE.plusSeconds(1)) < 0);
  }

  @Test
  void aGuardThatStoodStillItselfHearsFirstWhatCameMeanwhile() {
    // given: a word that was there in time, and is read a little after the deadline
    owner.after(PATIENCE.plusMillis(100), "extend").after(BEAT, "disarm");

    assertEquals("disarmed", keep());
    assertEquals(List.of(), acts);
  }

  @Test
  void anOwnerThatComesBackInTheMiddleHasItAllBack() {
    // given: stopped for so long that the guard is at it, and then it asks
    owner.after(PATIENCE.plusMillis(300), "ask 1").after(BEAT, "thawed").after(BEAT, "disarm");
    debt.attempts = 2;

    assertEquals("disarmed", keep());
    assertEquals(List.of("taken over", "attempt", "stopped", "handed back", "thawed"), acts);
    assertEquals(List.of("back 1"), owner.heard());
  }

  @Test
  void anOwnerThatComesBackAndEndsIsReplacedAgain() {
    owner.after(PATIENCE.plusMillis(300), "ask 1").after(BEAT, Words.ENDED);
    debt.attempts = 1;

    assertEquals("thawed", keep());
    assertEquals(
        List.of("taken over", "attempt", "stopped", "handed back", "taken over", "attempt"), acts);
  }

  @Test
  void anOwnerThatAsksInTimeIsToldThatNothingWasDone() {
    owner.after(BEAT, "ask 7").after(BEAT, "disarm");

    assertEquals("disarmed", keep());
    assertEquals(List.of("armed 7"), owner.heard());
    assertEquals(List.of(), acts);
  }

  @Test
  void anOwnerThatComesTooLateIsToldHowItEnded() throws Exception {
    owner.after(BEAT, "extend").after(BEAT, "ask 3").after(BEAT, Words.ENDED);

    GuardWatch.tell(owner, "thawed", owner);

    assertEquals(List.of("done 3 thawed"), owner.heard());
  }

  @Test
  void aMachineThatHasEndedIsOwedNothing() {
    owner.after(BEAT, Words.ENDED);
    debt.gone = true;

    assertEquals("gone", keep());
    assertEquals(List.of("taken over"), acts);
  }

  @Test
  void whereNobodyIsReachedForAMinuteAndNothingElseIsKnownItIsGivenUp() {
    owner.after(BEAT, Words.ENDED);
    debt.unreachable = true;

    assertEquals("gave up", keep());
    assertTrue(acts.size() > 100, () -> "attempts: " + acts.size());
  }
}
