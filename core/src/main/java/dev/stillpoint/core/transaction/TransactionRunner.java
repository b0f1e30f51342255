package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotListener;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.JournalEntry;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Interprets the machine: takes an event, asks {@link TransactionMachine#next}, and carries the
 * effects out in order. It decides nothing. Everything happens on one thread of the executor it is
 * given; answers of participants are brought back to that thread as events. That thread may hold
 * the guest: it waits for nobody but the journal, and what fails on it keeps nothing else from
 * being done.
 */
public final class TransactionRunner {
  private final BiFunction<State, Event, Step> machine;
  private final Participants participants;
  private final ScheduledExecutorService thread;
  private final Terms terms;
  private final Findings findings;
  private final Progress progress;
  private final Trace trace;
  private final Clocks clocks;
  private final CompletableFuture<SnapshotResult> result = new CompletableFuture<>();
  private final CompletableFuture<Failure> overdue = new CompletableFuture<>();
  private final Questions questions;
  private State state;
  private boolean stumbled;
  private boolean givenUp;
  private boolean closed;

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
    this(
        request,
        participants,
        thread,
        new Progress(listener, teller),
        Trace.of(id, teller),
        TransactionMachine::next);
  }

  /** The same with another machine. */
  TransactionRunner(
      SnapshotRequest request,
      Participants participants,
      ScheduledExecutorService thread,
      Progress progress,
      Trace trace,
      BiFunction<State, Event, Step> machine) {
    this.machine = machine;
    this.participants = participants;
    this.thread = thread;
    this.clocks = new Clocks(thread);
    this.terms = new Terms(request.quiesce(), request.lateCut(), request.dryRun());
    this.findings = new Findings(request.name());
    this.progress = progress;
    this.trace = trace;
    this.questions =
        new Questions(
            participants,
            findings,
            Limits.of(request),
            Deadline.after(request.timeout()),
            this::bring);
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
    onThread(() -> take(event));
  }

  private void bring(Supplier<Event> answer) {
    onThread(() -> take(answer.get()));
  }

  /** Whatever comes after the end means nothing any more. */
  private void onThread(Runnable action) {
    try {
      thread.execute(() -> guarded(action));
    } catch (RejectedExecutionException e) {
      // As said. A log here would be a call of foreign code on whichever thread brought it.
    }
  }

  private void begin() {
    Step step = TransactionMachine.start(terms);
    trace.began(terms, step);
    carryOut(step);
  }

  private void take(Event event) {
    Step step = machine.apply(state, event);
    trace.took(event, terms, step);
    carryOut(step);
  }

  private void carryOut(Step step) {
    state = step.state();
    Throwable defect = null;
    for (Effect effect : step.effects()) {
      defect = performed(effect, defect);
    }
    progress.entered(state);
    if (defect != null) {
      stumble(defect);
    }
  }

  /** One that fails keeps none from being carried out but those that would hold the guest. */
  private @Nullable Throwable performed(Effect effect, @Nullable Throwable defect) {
    if (defect != null && effect.holdsGuest()) {
      return defect;
    }
    try {
      perform(effect);
      return defect;
    } catch (RuntimeException | Error e) {
      return defect == null ? e : defect;
    }
  }

  private void perform(Effect effect) {
    switch (effect) {
      case Effect.Check e -> questions.check();
      case Effect.WriteJournal e -> questions.write(e, ending());
      case Effect.Reserve e -> questions.reserve();
      case Effect.Prepare e -> questions.prepare();
      case Effect.Freeze e -> questions.freeze();
      case Effect.Pause e -> questions.pause();
      case Effect.Cut e -> questions.cut();
      case Effect.Resume e -> questions.resume();
      case Effect.Thaw e -> questions.thaw();
      case Effect.Settle e -> questions.settle();
      case Effect.Undo e -> questions.undo();
      case Effect.Clean e -> questions.clean();
      case Effect.StartTimer(Timer timer) ->
          clocks.start(
              timer,
              questions.limits().of(timer),
              () -> guarded(() -> take(new Event.TimerFired(timer))));
      case Effect.ReportOverdue e -> progress.report(overdue, overdueReport());
      case Effect.Finish e -> close((State.Done) state);
    }
  }

  private Optional<JournalEntry.Ending> ending() {
    return state instanceof State.Done end
        ? Optional.of(new JournalEntry.Ending(end.outcome(), end.guest(), end.failure()))
        : Optional.empty();
  }

  /** The end: whatever fails here, what was held is let go of, and the caller hears. */
  private void close(State.Done end) {
    if (closed) {
      return;
    }
    closed = true;
    clocks.stop();
    try {
      participants.release();
    } catch (RuntimeException | Error e) {
      findings.failed(SnapshotException.failureOf(e, ErrorCode.INTERNAL));
    }
    SnapshotResult told;
    try {
      told = findings.result(end, participants.pauseDoubt());
    } catch (RuntimeException | Error e) {
      told = findings.untold(end, e);
    }
    progress.entered(end);
    progress.ended(told);
    thread.shutdown();
    result.complete(told);
  }

  private Failure overdueReport() {
    return Failure.of(
        ErrorCode.TIMEOUT,
        "the time for the whole operation ended while "
            + state.label()
            + "; it is pursued for "
            + questions.limits().bound().toMillis()
            + " ms more");
  }

  private void guarded(Runnable action) {
    try {
      action.run();
    } catch (RuntimeException | Error e) {
      stumble(e);
    }
  }

  /** A defect must not end the thread that owes a thaw: the first one leads out as a cancel. */
  private void stumble(Throwable defect) {
    if (closed || givenUp) {
      return;
    }
    // That is queued for another thread, and written by it.
    progress.stumbled(state, defect);
    if (stumbled) {
      giveUp(defect);
    } else {
      stumbled = true;
      post(new Event.CancelRequested());
    }
  }

  private void giveUp(Throwable defect) {
    givenUp = true;
    clocks.stop();
    Failure failure = Failure.of(ErrorCode.INTERNAL, "internal error: " + defect);
    state = unknown(failure);
    Runnable end = () -> close(unknown(failure));
    new LastResort(participants, findings, this::onThread, end).letGo(thread);
  }

  private State.Done unknown(Failure failure) {
    return new State.Done(Outcome.UNKNOWN, findings.guest(), Optional.of(failure));
  }
}
