package dev.stillpoint.backends.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.process.ProcessIdentity;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The owner's side, when it finds that it stood still; no real time passes. */
class StandstillTest {
  private final ScriptedWords words = new ScriptedWords();
  private final Guard guard = new Guard(words, words::nanos);

  @BeforeEach
  void arm() throws Exception {
    words.after(Duration.ZERO, "armed");
    guard.arm(
        new Order(
            "cafe0001",
            "freeze",
            new ProcessIdentity(1, 2, "boot"),
            Guard.DEADLINE.toNanos(),
            Optional.empty(),
            Optional.of("unix:/agent"),
            Optional.empty(),
            Optional.empty(),
            List.of(Path.of("/lock")),
            "",
            Optional.empty()),
        Optional.empty(),
        Optional.empty());
  }

  /** Its own heartbeat would come after a second of real time, which no test here takes. */
  @AfterEach
  void close() {
    guard.close();
  }

  private List<String> said() {
    return words.heard().stream().skip(1).toList();
  }

  @Test
  void whoNeverStoodStillOnlySaysThatItLives() {
    for (int i = 0; i < 20; i++) {
      words.pass(Guard.HEARTBEAT);
      guard.beat();
    }

    assertEquals(20, said().size());
    assertTrue(said().stream().allMatch("extend"::equals));
    assertTrue(guard.isFresh());
    assertFalse(guard.stoodStill().toCompletableFuture().isDone());
  }

  @Test
  void aGuardThatHearsNothingIsNotTalkedToForEver() {
    for (int i = 0; i < 10 * Guard.MAX_UNHEARD; i++) {
      words.pass(Guard.HEARTBEAT);
      guard.beat();
    }
    assertEquals(Guard.MAX_UNHEARD, said().size());
    assertTrue(guard.isFresh());
    // when: it goes on, and has heard the first of them
    guard.heard();
    guard.beat();
    // then
    assertEquals(Guard.MAX_UNHEARD + 1, said().size());
  }

  @Test
  void theFirstHeartbeatAfterAStandstillAsksAndDoesNotAssure() {
    words.answers("back");
    words.pass(Guard.DEADLINE.plusSeconds(10));
    assertFalse(guard.isFresh());
    // when
    guard.beat();
    // then
    assertEquals(List.of("ask 1"), said());
    assertTrue(guard.isStillOurs());
    assertTrue(guard.isFresh());
    assertTrue(guard.stoodStill().toCompletableFuture().isDone());
  }

  @Test
  void whoStoodStillJustNotLongEnoughGoesOn() {
    words.answers("armed");
    words.pass(Guard.DEADLINE.minus(Guard.MARGIN));
    // when
    guard.beat();
    // then
    assertEquals(List.of("ask 1"), said());
    assertTrue(guard.isFresh());
    assertFalse(guard.stoodStill().toCompletableFuture().isDone());
  }

  @Test
  void whatTheGuardHasDoneIsNotDoneAgain() {
    words.answers("done");
    words.pass(Guard.DEADLINE.plusSeconds(1));
    // when
    guard.beat();
    // then
    assertFalse(guard.isFresh());
    assertFalse(guard.isStillOurs());
    assertEquals(List.of("ask 1"), said());
    assertTrue(guard.stoodStill().toCompletableFuture().isDone());
  }

  @Test
  void whatTheGuardHasGivenUpIsOursToDo() {
    words.after(Guard.DEADLINE.plusSeconds(70), "done 1 " + GuardWatch.GAVE_UP);
    words.pass(Guard.DEADLINE.plusSeconds(70));
    // when
    guard.beat();
    // then
    assertTrue(guard.isStillOurs());
  }

  @Test
  void anAnswerToAnEarlierQuestionIsNone() {
    words.pass(Guard.DEADLINE.plusSeconds(1));
    guard.beat();
    words.after(Duration.ofMinutes(1), "done 1 thawed");
    words.pass(Guard.DEADLINE.plusMinutes(2));
    words.answers("armed");
    // when
    guard.beat();
    // then
    assertEquals(List.of("ask 1", "ask 2"), said());
    assertFalse(guard.stoodStill().toCompletableFuture().isDone());
  }
}
