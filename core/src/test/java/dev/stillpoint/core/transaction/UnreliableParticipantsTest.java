package dev.stillpoint.core.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotListener;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.core.spi.ThawReport;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever those do who are not ours (participants, journals, listeners), a guest that was held is
 * let go of, what is held for the operation is released, and the caller hears.
 */
@Timeout(30)
class UnreliableParticipantsTest {
  /** Long enough to tell an answer from a clock that ran out. */
  private static final Duration BY_CLOCK = Duration.ofSeconds(20);

  private static final SnapshotRequest REQUEST =
      SnapshotRequest.named("nightly").timeout(BY_CLOCK).thawBound(BY_CLOCK);

  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final ExecutorService teller = Executors.newSingleThreadExecutor();
  private final FakeParticipants everybody = new FakeParticipants(new Plan(true, true));

  @AfterEach
  void close() {
    thread.shutdownNow();
    teller.shutdownNow();
  }

  private SnapshotResult take(SnapshotListener listener) {
    var runner = new TransactionRunner("0badcafe", REQUEST, everybody, thread, listener, teller);
    runner.start();
    return runner.result().orTimeout(BY_CLOCK.toSeconds() / 2, TimeUnit.SECONDS).join();
  }

  private SnapshotResult take() {
    return take(SnapshotListener.none());
  }

  private void assertLetGo(SnapshotResult result) {
    boolean frozen = everybody.asked.contains("freeze");
    assertEquals(frozen, everybody.asked.contains("thaw"), everybody.asked::toString);
    assertEquals(
        everybody.asked.contains("pause"),
        everybody.asked.contains("resume"),
        everybody.asked::toString);
    assertEquals(
        frozen ? GuestState.THAWED : GuestState.NEVER_FROZEN, result.guest(), result::toString);
    assertEquals(1, everybody.count("release"), everybody.asked::toString);
    assertTrue(thread.isShutdown());
    assertTrue(teller.isShutdown());
  }

  /** Each way to answer badly, for each question. */
  static Stream<Arguments> badAnswers() {
    Supplier<CompletionStage<?>> dies =
        () -> {
          throw new NoClassDefFoundError("somebody's class");
        };
    Supplier<CompletionStage<?>> fails =
        () -> CompletableFuture.failedFuture(new StackOverflowError("somebody's stack"));
    return Stream.of(
            "check", "reserve", "prepare", "freeze", "pause", "cut", "resume", "thaw", "settle",
            "undo", "clean")
        .flatMap(question ->
            Stream.of(
                Arguments.of(question, "dies", dies), Arguments.of(question, "fails", fails)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("badAnswers")
  void whateverAnAnswerIsTheGuestIsLetGo(
      String question, String how, Supplier<CompletionStage<?>> badly) {
    // given
    everybody.once(question, badly);
    // then
    assertLetGo(take());
  }

  @ParameterizedTest
  @ValueSource(strings = {"check", "freeze", "cut", "thaw", "settle"})
  void nothingIsAnAnswerThatMakesNoSense(String question) {
    // given
    everybody.once(question, () -> CompletableFuture.completedFuture(null));
    // then
    assertLetGo(take());
  }

  @ParameterizedTest
  @ValueSource(strings = {"check", "freeze", "cut", "thaw", "settle"})
  void noAnswerAtAllIsNoneEither(String question) {
    // given
    everybody.once(question, UnreliableParticipantsTest::none);
    // then
    assertLetGo(take());
  }

  @SuppressWarnings("NullAway")
  private static CompletionStage<?> none() {
    return null;
  }

  @ParameterizedTest
  @EnumSource(Phase.class)
  void aJournalThatDiesKeepsNobodyFrozen(Phase phase) {
    // given
    everybody.once(
        "write " + phase,
        () -> {
          throw new NoClassDefFoundError("the journal's class");
        });
    // when
    SnapshotResult result = take();
    // then
    assertLetGo(result);
    boolean inTime = phase.compareTo(Phase.HOLDING) <= 0;
    assertEquals(inTime ? Outcome.FAILED : Outcome.SUCCEEDED, result.outcome(), result::toString);
  }

  @Test
  void aListenerThatDiesChangesNothing() {
    // when
    SnapshotResult result =
        take(state -> {
          throw new AssertionError("the listener died at " + state);
        });
    // then
    assertLetGo(result);
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
  }

  @Test
  void aListenerThatNeverComesBackChangesNothing() {
    // given
    var end = new CountDownLatch(1);
    // when
    SnapshotResult result =
        take(state -> {
          try {
            end.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    end.countDown();
    // then
    assertLetGo(result);
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
  }

  @Test
  void aReleaseThatFailsIsToldAndTheCallerHears() {
    // given
    everybody.once(
        "release",
        () -> {
          throw new IllegalStateException("the connection is stuck");
        });
    // when
    SnapshotResult result = take();
    // then
    assertLetGo(result);
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    assertEquals(List.of("the connection is stuck"), result.warnings());
  }

  @Test
  @SuppressWarnings("NullAway")
  void aResultThatCannotBeToldIsNoSuccess() {
    // given
    everybody.once(
        "thaw",
        () ->
            CompletableFuture.completedFuture(
                new ThawReport(Consistency.FILESYSTEM, null, List.of(), 0, 0)));
    // when
    SnapshotResult result = take();
    // then
    assertLetGo(result);
    assertEquals(Outcome.UNKNOWN, result.outcome(), result::toString);
    assertFalse(result.error().isEmpty());
  }
}
