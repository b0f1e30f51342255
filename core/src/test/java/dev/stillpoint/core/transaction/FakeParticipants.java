package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.PointInTime;
import dev.stillpoint.core.spi.CutReport;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.Settlement;
import dev.stillpoint.core.spi.ThawReport;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** Participants who do nothing and say so at once, but for the mischief that they are told of. */
final class FakeParticipants implements Participants {
  private static final Instant NOW = Instant.EPOCH;

  /** What was asked of them, in order. */
  final List<String> asked = new CopyOnWriteArrayList<>();

  private final Plan plan;
  private final Map<String, Supplier<CompletionStage<?>>> mischief = new ConcurrentHashMap<>();

  FakeParticipants(Plan plan) {
    this.plan = plan;
  }

  /** Answers a question so, the first time; afterwards it is answered well. */
  FakeParticipants once(String question, Supplier<CompletionStage<?>> answer) {
    mischief.put(question, answer);
    return this;
  }

  /** How often something was asked. */
  long count(String question) {
    return asked.stream().filter(question::equals).count();
  }

  @SuppressWarnings("unchecked")
  private <T> CompletionStage<T> answer(String question, T well) {
    asked.add(question);
    Supplier<CompletionStage<?>> badly = mischief.remove(question);
    return badly == null
        ? CompletableFuture.completedFuture(well)
        : (CompletionStage<T>) badly.get();
  }

  private CompletionStage<Void> answer(String question) {
    return this.<Integer>answer(question, 0).thenAccept(done -> {});
  }

  @Override
  public CompletionStage<Survey> check(Deadline deadline) {
    return answer(
        "check",
        new Survey(
            plan, Optional.empty(), Survey.Together.ONE_INSTANT, List.of(), List.of(), List.of()));
  }

  @Override
  public void write(Journal.Phase phase, Owed owed, Optional<JournalEntry.Ending> ending) {
    answer("write " + phase).toCompletableFuture().join();
  }

  @Override
  public CompletionStage<Void> reserve(Deadline deadline) {
    return answer("reserve");
  }

  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    return answer("prepare");
  }

  @Override
  public CompletionStage<FreezeReport> freeze(Deadline deadline) {
    return answer("freeze", new FreezeReport(1, System.nanoTime(), System.nanoTime()));
  }

  @Override
  public CompletionStage<Void> pause(Deadline deadline) {
    return answer("pause");
  }

  @Override
  public CompletionStage<CutReport> cut(Deadline deadline) {
    return answer("cut", new CutReport(new PointInTime(NOW, NOW), 1));
  }

  @Override
  public CompletionStage<Void> resume(Deadline deadline) {
    return answer("resume");
  }

  @Override
  public CompletionStage<ThawReport> thaw(Deadline deadline) {
    long now = System.nanoTime();
    return answer("thaw", new ThawReport(Consistency.FILESYSTEM, List.of(), List.of(), now, now));
  }

  @Override
  public CompletionStage<Settlement> settle(Deadline deadline) {
    boolean cut = count("cut") > 0;
    return answer(
        "settle",
        new Settlement(
            cut ? Settlement.State.APPLIED : Settlement.State.NOT_APPLIED, List.of(), List.of()));
  }

  @Override
  public CompletionStage<Void> undo(Deadline deadline) {
    return answer("undo");
  }

  @Override
  public CompletionStage<Void> clean(Deadline deadline) {
    return answer("clean");
  }

  @Override
  public Optional<String> pauseDoubt() {
    return Optional.empty();
  }

  @Override
  public void release() {
    answer("release").toCompletableFuture().join();
  }
}
