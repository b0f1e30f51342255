package dev.stillpoint.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a signal does to work, with the end of the process replaced by a future. */
@Timeout(20)
class InterruptibleTest {
  private static final Duration LONG = Duration.ofMinutes(1);

  private final CompletableFuture<Integer> halted = new CompletableFuture<>();

  private Interruptible work(Duration bound) {
    return new Interruptible(bound, halted::complete);
  }

  @Test
  void aSignalBeforeAnythingBeganEndsTheProcessAtOnce() {
    // given
    Interruptible work = work(LONG);
    // when
    work.interrupted();
    // then
    assertEquals(ExitCode.FAILED, halted.join());
    assertFalse(work.begin(), "nothing may be begun any more");
  }

  @Test
  void aSignalWaitsForTheWorksOwnCode() {
    // given: work that ends with 4 when it is asked to stop
    Interruptible work = work(LONG);
    assertTrue(work.begin());
    work.whenAsked(() -> work.ended(ExitCode.UNKNOWN));
    // when
    work.interrupted();
    // then
    assertEquals(ExitCode.UNKNOWN, halted.join());
  }

  @Test
  void aSignalThatCameBeforeTheQuestionIsHeardAll() {
    // given
    Interruptible work = work(Duration.ofMillis(1));
    assertTrue(work.begin());
    work.interrupted();
    var asked = new CompletableFuture<Boolean>();
    // when
    work.whenAsked(() -> asked.complete(true));
    // then
    assertTrue(asked.join());
  }

  @Test
  void workThatDoesNotStopMayHaveLeftTheGuestFrozen() {
    // given
    Interruptible work = work(Duration.ofMillis(50));
    assertTrue(work.begin());
    // when
    work.interrupted();
    // then
    assertEquals(ExitCode.MAY_BE_FROZEN, halted.join());
  }

  @Test
  void lastWordsThatNobodyTakesDoNotHoldTheProcess() {
    // given: work that has settled its code and never gets to say it
    Interruptible work = work(LONG);
    assertTrue(work.begin());
    work.whenAsked(() -> work.settled(ExitCode.FAILED));
    // when
    work.interrupted();
    // then
    assertEquals(ExitCode.FAILED, halted.join());
  }

  @Test
  void workThatNobodyInterruptsReturnsItsCode() {
    assertEquals(ExitCode.UNKNOWN, Interruptible.run(LONG, guarded -> ExitCode.UNKNOWN));
  }
}
