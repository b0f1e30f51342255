package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotListener;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.Settlement;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Interprets the machine: takes an event, asks {@link TransactionMachine#next}, and carries the
 * effects out in order. It decides nothing. Everything happens on one thread of the executor it is
 * given; answers of participants are brought back to that thread as events.
 */
public final class TransactionRunner {
  private static final Logger log = LoggerFactory.getLogger(TransactionRunner.class);

  private final Participants participants;
  private final ScheduledExecutorService thread;
  private Limits limits;
  private final Terms terms;
  private final Findings findings;
  private final Progress progress;
  private final Trace trace;
  private final Map<Timer, Future<?>> timers = new EnumMap<>(Timer.class);
  private final CompletableFuture<SnapshotResult> result = new CompletableFuture<>();
  private final CompletableFuture<Failure> overdue = new CompletableFuture<>();
  private final Deadline overall;
  private State state;
  private int thawAttempts;
  private boolean stumbled;

  /**
   * A runner for one operation; {@link #start} sets it going.
   *
   * @param id the operation's
   * @param thread a single thread that belongs to this operation alone
   * @param teller where the listener is called; shut down with the operation, as the thread is
   */
  public TransactionRunner(
      String id,
      SnapshotRequest request,
      Participants participants,
      ScheduledExecutorService thread,
      SnapshotListener listener,
      ExecutorService teller) {
    this.participants = participants;
    this.thread = thread;
    this.limits = Limits.of(request);
    this.terms = new Terms(request.quiesce(), request.lateCut(), request.dryRun());
    this.findings = new Findings(request.name());
    this.progress = new Progress(listener, teller);
    this.trace = Trace.of(id, teller);
    this.overall = Deadline.after(request.timeout());
    this.state = new State.Checking(terms);
  }

  /** Begins. */
  public void start() {
    thread.execute(() -> guarded(this::begin));
  }

  /** Completes, always normally, when the operation is over. */
  public CompletableFuture<SnapshotResult> result() {
    return result;
  }

  /** Completes if the caller's timeout passes while something is owed. */
  public CompletableFuture<Failure> overdue() {
    return overdue;
  }

  /** Brings an event to the machine; from any thread. */
  public void post(Event event) {
    try {
      thread.execute(() -> guarded(() -> take(event)));
    } catch (RejectedExecutionException e) {
      log.debug("{} came after the end", event);
    }
  }

  private void begin() {
    Step step = TransactionMachine.start(terms);
    trace.began(terms, step);
    carryOut(step);
  }

  private void take(Event event) {
    Step step = TransactionMachine.next(state, event);
    trace.took(event, terms, step);
    carryOut(step);
  }

  private void carryOut(Step step) {
    state = step.state();
    for (Effect effect : step.effects()) {
      perform(effect);
    }
    progress.entered(state);
  }

  private void perform(Effect effect) {
    switch (effect) {
      case Effect.Check e -> check();
      case Effect.WriteJournal e -> write(e);
      case Effect.Reserve e ->
          await(
              () -> participants.reserve(overall),
              done -> new Event.Reserved(),
              ErrorCode.PREPARE_FAILED,
              Event.ReserveFailed::new);
      case Effect.Prepare e ->
          await(
              () -> participants.prepare(overall),
              done -> new Event.Prepared(),
              ErrorCode.PREPARE_FAILED,
              Event.PrepareFailed::new);
      case Effect.Freeze e -> freeze();
      case Effect.Pause e -> pause();
      case Effect.Cut e -> cut();
      case Effect.Resume e -> resume();
      case Effect.Thaw e -> thaw();
      case Effect.Settle e -> settle();
      case Effect.Undo e ->
          await(
              () -> participants.undo(end()),
              done -> new Event.Undone(),
              ErrorCode.UNDO_FAILED,
              Event.UndoFailed::new);
      case Effect.Clean e ->
          await(
              () -> participants.clean(end()),
              done -> new Event.Cleaned(),
              ErrorCode.CLEANUP_FAILED,
              Event.CleanFailed::new);
      case Effect.StartTimer e -> startTimer(e.timer());
      case Effect.ReportOverdue e -> progress.report(overdue, overdueReport());
      case Effect.Finish e -> finish((State.Done) state);
    }
  }

  private void check() {
    await(
        () -> participants.check(overall),
        survey -> {
          findings.surveyed(survey);
          limits = survey.pace().map(limits::at).orElse(limits);
          return new Event.Checked(survey.plan());
        },
        ErrorCode.INTERNAL,
        Event.CheckFailed::new);
  }

  private void write(Effect.WriteJournal effect) {
    CompletionStage<Journal.Phase> written;
    try {
      participants.write(effect.phase(), effect.owed(), ending());
      written = CompletableFuture.completedFuture(effect.phase());
    } catch (RuntimeException e) {
      // Noted here and not with the answer: that of the last entry comes after the result.
      Failure failure = SnapshotException.failureOf(e, ErrorCode.JOURNAL_FAILED);
      findings.failed(failure);
      written = CompletableFuture.failedFuture(new SnapshotException(failure, e));
    }
    CompletionStage<Journal.Phase> answered = written;
    answer(
        () -> answered,
        Event.Recorded::new,
        thrown ->
            new Event.RecordFailed(
                effect.phase(), SnapshotException.failureOf(thrown, ErrorCode.JOURNAL_FAILED)));
  }

  private Optional<JournalEntry.Ending> ending() {
    return state instanceof State.Done end
        ? Optional.of(new JournalEntry.Ending(end.outcome(), end.guest(), end.failure()))
        : Optional.empty();
  }

  private void freeze() {
    findings.freezeAsked(System.nanoTime());
    answer(
        () -> participants.freeze(overall.orAfter(limits.freeze())),
        report -> {
          findings.frozen(report);
          return new Event.Frozen();
        },
        this::freezeFailed);
  }

  private Event freezeFailed(Throwable thrown) {
    boolean notWritten =
        unwrapped(thrown) instanceof FreezeException e && e.writtenNanos().isEmpty();
    if (notWritten) {
      findings.freezeNotWritten();
    }
    Failure failure = SnapshotException.failureOf(thrown, ErrorCode.FREEZE_FAILED);
    findings.failed(failure);
    return new Event.FreezeFailed(failure, !notWritten);
  }

  private void pause() {
    findings.pauseAsked(System.nanoTime());
    await(
        () -> participants.pause(Deadline.after(Limits.ATTEMPT)),
        done -> new Event.Paused(),
        ErrorCode.PAUSE_FAILED,
        Event.PauseFailed::new);
  }

  private void cut() {
    findings.cutAsked();
    await(
        () -> participants.cut(overall),
        report -> {
          findings.cutDone(report);
          return new Event.CutDone();
        },
        ErrorCode.CUT_FAILED,
        Event.CutFailed::new);
  }

  private void resume() {
    await(
        () -> participants.resume(Deadline.after(Limits.ATTEMPT)),
        done -> {
          findings.resumed(System.nanoTime());
          return new Event.Resumed();
        },
        ErrorCode.RESUME_NOT_PROVED,
        Event.ResumeFailed::new);
  }

  private void thaw() {
    findings.thawAsked();
    Duration patience = Limits.attempt(thawAttempts++);
    await(
        () -> participants.thaw(Deadline.after(patience)),
        report -> {
          findings.thawed(report);
          return new Event.Thawed(report.freezeHeld());
        },
        ErrorCode.THAW_NOT_PROVED,
        Event.ThawFailed::new);
  }

  private void settle() {
    await(
        () -> participants.settle(end()),
        found -> {
          findings.settled(found);
          return new Event.Settled(found.state());
        },
        ErrorCode.INTERNAL,
        failure -> new Event.Settled(Settlement.State.UNKNOWN));
  }

  /** As {@link #answer}, for failures that are told as they are. */
  private <T> void await(
      Supplier<CompletionStage<T>> action,
      Function<T, Event> success,
      ErrorCode otherwise,
      Function<Failure, Event> failed) {
    answer(
        action,
        success,
        thrown -> {
          Failure failure = SnapshotException.failureOf(thrown, otherwise);
          findings.failed(failure);
          return failed.apply(failure);
        });
  }

  private <T> void answer(
      Supplier<CompletionStage<T>> action,
      Function<T, Event> success,
      Function<Throwable, Event> failure) {
    CompletionStage<T> stage;
    try {
      stage = action.get();
    } catch (RuntimeException e) {
      stage = CompletableFuture.failedFuture(e);
    }
    stage.whenComplete((value, thrown) ->
        later(thrown == null ? () -> success.apply(value) : () -> failure.apply(thrown)));
  }

  private void later(Supplier<Event> answer) {
    try {
      thread.execute(() -> guarded(() -> take(answer.get())));
    } catch (RejectedExecutionException e) {
      log.debug("an answer came after the end");
    }
  }

  private void startTimer(Timer timer) {
    Future<?> fires =
        thread.schedule(
            () -> guarded(() -> take(new Event.TimerFired(timer))),
            limits.of(timer).toNanos(),
            TimeUnit.NANOSECONDS);
    Future<?> before = timers.put(timer, fires);
    if (before != null) {
      before.cancel(false);
    }
  }

  private void finish(State.Done end) {
    timers.values().forEach(timer -> timer.cancel(false));
    participants.release();
    SnapshotResult told = findings.result(end);
    log.debug("{} ended: {}", told.name(), told.outcome());
    progress.entered(end);
    progress.end();
    thread.shutdown();
    result.complete(told);
  }

  private Failure overdueReport() {
    return Failure.of(
        ErrorCode.TIMEOUT,
        "the time for the whole operation ended while "
            + state.label()
            + "; it is pursued for "
            + limits.bound().toMillis()
            + " ms more");
  }

  /** The latest moment at which an answer can still matter. */
  private Deadline end() {
    Duration left = overall.remaining().plus(limits.bound());
    return Deadline.after(left);
  }

  /** A defect must not end the thread that owes a thaw: the first one leads out as a cancel. */
  private void guarded(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException | Error e) {
      log.error("the transaction stumbled in {}", state.label(), e);
      if (stumbled) {
        giveUp(e);
      } else {
        stumbled = true;
        post(new Event.CancelRequested());
      }
    }
  }

  private void giveUp(Throwable defect) {
    Failure failure = Failure.of(ErrorCode.INTERNAL, "internal error: " + defect);
    var end = new State.Done(Outcome.UNKNOWN, findings.guest(), Optional.of(failure));
    thread.shutdownNow();
    progress.end();
    try {
      result.complete(findings.result(end));
    } catch (RuntimeException | Error again) {
      result.completeExceptionally(again);
    }
  }

  private static Throwable unwrapped(Throwable thrown) {
    Throwable t = thrown;
    while (t instanceof java.util.concurrent.CompletionException && t.getCause() != null) {
      t = t.getCause();
    }
    return t;
  }
}
