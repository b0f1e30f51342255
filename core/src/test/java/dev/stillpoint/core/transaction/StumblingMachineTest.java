package dev.stillpoint.core.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotListener;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;

/** A machine with a defect that throws, and a log to which it is told. */
@Timeout(60)
class StumblingMachineTest {
  private static final Duration BY_CLOCK = Duration.ofSeconds(20);

  private static final SnapshotRequest REQUEST =
      SnapshotRequest.named("nightly").timeout(BY_CLOCK).thawBound(BY_CLOCK);

  private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
  private final ExecutorService teller = Executors.newSingleThreadExecutor();
  private final FakeParticipants everybody = new FakeParticipants(new Plan(true, true));
  private final CountDownLatch unblocked = new CountDownLatch(1);

  @AfterEach
  void close() {
    unblocked.countDown();
    thread.shutdownNow();
    teller.shutdownNow();
  }

  /** A log whose every line ends as it is told to. */
  private static Logger log(Runnable line) {
    return (Logger)
        Proxy.newProxyInstance(
            Logger.class.getClassLoader(),
            new Class<?>[] {Logger.class},
            (self, method, arguments) -> {
              line.run();
              return method.getReturnType() == boolean.class ? false : null;
            });
  }

  private SnapshotResult take(BiFunction<State, Event, Step> machine, Logger log) {
    var progress = new Progress(SnapshotListener.none(), teller, log);
    var runner =
        new TransactionRunner(
            REQUEST, everybody, thread, progress, Trace.of("0badcafe", teller), machine);
    runner.start();
    return runner.result().orTimeout(BY_CLOCK.toSeconds() - 1, TimeUnit.SECONDS).join();
  }

  /** Throws at the first so many events that it hears once a cut is asked for. */
  private static BiFunction<State, Event, Step> throwingInTheCut(int times) {
    int[] left = {times};
    return (state, event) -> {
      if (state instanceof State.Cutting && left[0]-- > 0) {
        throw new IllegalStateException("a defect");
      }
      return TransactionMachine.next(state, event);
    };
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLogThatBlocksOrFailsKeepsNoThawFromBeingSent(boolean blocks) {
    // given
    Logger log =
        log(() -> {
          if (blocks) {
            awaitTheEnd();
          }
          throw new IllegalStateException("the log is full");
        });
    // when: the event that tells of the cut is lost
    SnapshotResult result = take(throwingInTheCut(1), log);
    // then
    assertEquals(GuestState.THAWED, result.guest(), result::toString);
    assertEquals(Outcome.CANCELLED, result.outcome(), result::toString);
    assertEquals(1, everybody.count("undo"), everybody.asked::toString);
    assertEquals(1, everybody.count("release"));
  }

  private void awaitTheEnd() {
    try {
      unblocked.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Has an effect that fails come first in the step that enters such a state. */
  private static BiFunction<State, Event, Step> failingFirst(Class<? extends State> entered) {
    return (state, event) -> {
      Step step = TransactionMachine.next(state, event);
      if (!entered.isInstance(step.state()) || entered.isInstance(state)) {
        return step;
      }
      // There is no result to hand over yet.
      var effects = new ArrayList<Effect>(List.of(new Effect.Finish()));
      effects.addAll(step.effects());
      return new Step(step.state(), effects);
    };
  }

  @Test
  void anEffectThatFailsKeepsNoneFromBeingCarriedOut() {
    // when
    SnapshotResult result = take(failingFirst(State.Resuming.class), log(() -> {}));
    // then
    assertEquals(GuestState.THAWED, result.guest(), result::toString);
    assertEquals(Outcome.CANCELLED, result.outcome(), result::toString);
    assertEquals(1, everybody.count("resume"), everybody.asked::toString);
    assertEquals(1, everybody.count("thaw"), everybody.asked::toString);
  }

  @Test
  void afterAnEffectThatFailsNothingIsHeld() {
    // when
    SnapshotResult result = take(failingFirst(State.Freezing.class), log(() -> {}));
    // then
    assertEquals(0, everybody.count("freeze"), everybody.asked::toString);
    assertEquals(1, everybody.count("thaw"), everybody.asked::toString);
    assertEquals(Outcome.CANCELLED, result.outcome(), result::toString);
  }

  @Test
  void whoStumblesTwiceAsksForWhatIsOwedAndLetsGoOfTheRest() {
    // given
    List<String> logged = new CopyOnWriteArrayList<>();
    // when
    SnapshotResult result = take(throwingInTheCut(2), log(() -> logged.add("line")));
    // then
    assertEquals(
        List.of("cut", "resume", "thaw", "release"),
        everybody.asked.subList(everybody.asked.indexOf("cut"), everybody.asked.size()));
    assertEquals(GuestState.THAWED, result.guest(), result::toString);
    assertEquals(Outcome.UNKNOWN, result.outcome());
    assertEquals(ErrorCode.INTERNAL, result.error().orElseThrow().code());
    assertTrue(thread.isShutdown());
    assertTrue(logged.size() >= 2, logged::toString);
  }

  @Test
  void whatFailsInTheLastResortIsNotWaitedForAndNotCalledSafe() {
    // given
    everybody
        .once(
            "resume",
            () -> {
              throw new NoClassDefFoundError("somebody's class");
            })
        .once("thaw", CompletableFuture::new);
    // when
    SnapshotResult result = take(throwingInTheCut(Integer.MAX_VALUE), log(() -> {}));
    // then
    assertEquals(1, everybody.count("thaw"));
    assertEquals(GuestState.MAYBE_FROZEN, result.guest(), result::toString);
    assertEquals(1, everybody.count("release"));
  }
}
