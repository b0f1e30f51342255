package dev.stillpoint.core.coordinator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.LateCut;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.CutGroup;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.testing.IdleMethod;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The cuts of several methods go beside each other. No clock decides: each cut waits for what
 * another one does, and gives up only where that cannot come.
 */
@Timeout(60)
class CutsTogetherTest {
  /** How long one waits for another before it is said not to come. */
  private static final Duration GIVES_UP = Duration.ofSeconds(5);

  /** Longer than all of them together, so that no clock of the engine ends anything. */
  private static final Duration WINDOW = Duration.ofSeconds(40);

  private static final CutReport REPORT =
      new CutReport(new PointInTime(Instant.EPOCH, Instant.EPOCH), 1);

  /** One thread a step, as those who cut for real have. */
  private final ExecutorService threads = Executors.newCachedThreadPool();

  private final List<String> told = new CopyOnWriteArrayList<>();

  @AfterEach
  void end() {
    threads.shutdownNow();
  }

  @FunctionalInterface
  private interface Doing {
    void run() throws Exception;
  }

  /** Cuts on a thread of its own, and tells when that has ended and what is asked of it later. */
  private final class Cutting extends IdleMethod {
    private final Doing doing;

    Cutting(String name, Doing doing) {
      super(name);
      this.doing = doing;
    }

    @Override
    public CompletionStage<CutReport> cut(Deadline deadline) {
      return CompletableFuture.runAsync(this::doIt, threads)
          .thenCompose(done -> super.cut(deadline));
    }

    private void doIt() {
      try {
        doing.run();
        told.add(name() + " cut");
      } catch (Exception e) {
        told.add(name() + " failed");
        throw new CompletionException(e);
      }
    }

    @Override
    public CompletionStage<Settlement> settle(Deadline deadline) {
      Settlement.State state =
          told.contains(name() + " cut") ? Settlement.State.APPLIED : Settlement.State.NOT_APPLIED;
      return CompletableFuture.completedFuture(new Settlement(state, List.of(), List.of()));
    }

    @Override
    public CompletionStage<Void> undo(Deadline deadline) {
      told.add(name() + " undone");
      return super.undo(deadline);
    }
  }

  /** Pauses and resumes at once, and tells of it. */
  private final class Telling implements Pauser {
    @Override
    public CompletionStage<MachineStatus> status(Deadline deadline) {
      return CompletableFuture.completedFuture(
          new MachineStatus(MachineStatus.Kind.RUNNING, "running"));
    }

    @Override
    public CompletionStage<Void> pause(Deadline deadline) {
      return CompletableFuture.runAsync(() -> told.add("paused"), Runnable::run);
    }

    @Override
    public CompletionStage<Void> resume(Deadline deadline) {
      return CompletableFuture.runAsync(() -> told.add("resumed"), Runnable::run);
    }
  }

  private SnapshotResult take(Cutting... methods) {
    var builder = SnapshotCoordinator.builder().pauser(new Telling());
    var request =
        SnapshotRequest.named("n")
            .quiesce(Quiesce.NEVER)
            .freezeWindow(WINDOW)
            .lateCut(LateCut.UNDO);
    for (Cutting method : methods) {
      builder.method(method);
      request = request.disk("disk of " + method.name(), method.name());
    }
    return builder
        .build()
        .start(request)
        .result()
        .toCompletableFuture()
        .orTimeout(WINDOW.toSeconds(), TimeUnit.SECONDS)
        .join();
  }

  private static void await(CountDownLatch what) throws InterruptedException {
    if (!what.await(GIVES_UP.toSeconds(), TimeUnit.SECONDS)) {
      throw new IllegalStateException("it did not come");
    }
  }

  @Test
  void allMethodsCutAtTheSameMoment() {
    // given
    var all = new CyclicBarrier(3);
    Doing meeting = () -> all.await(GIVES_UP.toSeconds(), TimeUnit.SECONDS);
    // when
    SnapshotResult result =
        take(
            new Cutting("left", meeting),
            new Cutting("middle", meeting),
            new Cutting("right", meeting));
    // then
    assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
  }

  @Test
  void aSlowCutDelaysTheBeginningOfNoOther() {
    // given
    for (int slow = 0; slow < 3; slow++) {
      told.clear();
      var others = new CountDownLatch(2);
      var methods = new Cutting[3];
      for (int i = 0; i < methods.length; i++) {
        // It ends only once both others have begun.
        methods[i] =
            new Cutting("number " + i, i == slow ? () -> await(others) : others::countDown);
      }
      // when
      SnapshotResult result = take(methods);
      // then
      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
    }
  }

  /** The failing one stands in each place: none of them may end the wait for the others. */
  @Test
  void whereOneFailsEarlyTheOthersAreAwaitedBeforeAnythingIsUndone() {
    for (int bad = 0; bad < 3; bad++) {
      // given
      told.clear();
      var failed = new CountDownLatch(1);
      var methods = new Cutting[3];
      for (int i = 0; i < methods.length; i++) {
        Doing fails =
            () -> {
              failed.countDown();
              throw new IllegalStateException("the pool is full");
            };
        methods[i] = new Cutting("number " + i, i == bad ? fails : () -> await(failed));
      }
      // when
      SnapshotResult result = take(methods);
      // then
      assertEquals(Outcome.FAILED, result.outcome(), result::toString);
      assertEquals(GuestState.NEVER_FROZEN, result.guest(), result::toString);
      assertAwaited();
    }
  }

  /** All three have ended before the machine goes on, and before the first is undone. */
  private void assertAwaited() {
    List<String> ends = told.stream().filter(CutsTogetherTest::isEnd).toList();
    assertEquals(3, ends.size(), told::toString);
    int last = told.lastIndexOf(ends.get(2));
    assertTrue(last < told.indexOf("resumed"), told::toString);
    Stream<String> undone = told.stream().filter(one -> one.endsWith(" undone"));
    assertEquals(3, undone.filter(one -> told.indexOf(one) > last).count(), told::toString);
    assertNotEquals(-1, told.indexOf("paused"), told::toString);
  }

  /** Answers when it is told to. */
  private static final class Held extends IdleMethod {
    private final CompletableFuture<CutReport> answer = new CompletableFuture<>();

    Held() {
      super("held");
    }

    @Override
    public CompletionStage<CutReport> cut(Deadline deadline) {
      return answer;
    }
  }

  /** Answered by hand, so that whoever does not wait is seen each time. */
  @Test
  void aFailureIsToldOnceTheLastHasAnswered() {
    for (int bad = 0; bad < 3; bad++) {
      // given
      List<Held> cuts = List.of(new Held(), new Held(), new Held());
      var whole = new CutGroup(List.copyOf(cuts)).cut(Deadline.after(WINDOW)).toCompletableFuture();
      // when
      cuts.get(bad).answer.completeExceptionally(new IllegalStateException("the pool is full"));
      // then
      assertFalse(whole.isDone());
      // when
      cuts.get((bad + 1) % 3).answer.complete(REPORT);
      // then
      assertFalse(whole.isDone());
      // when
      cuts.get((bad + 2) % 3).answer.complete(REPORT);
      // then
      assertTrue(whole.isCompletedExceptionally());
    }
  }

  private static boolean isEnd(String one) {
    return one.endsWith(" cut") || one.endsWith(" failed");
  }
}
