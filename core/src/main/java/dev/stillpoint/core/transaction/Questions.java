package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.Settlement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks the participants what the machine wants to know, and brings every answer back as an event:
 * also one that fails, is none, or makes no sense, because something waits for it. Participants may
 * be anybody's, so that any throwable is taken for a failure. Confined to the operation's thread.
 */
final class Questions {
  private final Participants participants;
  private final Findings findings;
  private final Deadline overall;
  private final Consumer<Supplier<Event>> answers;
  private Limits limits;
  private int thawAttempts;

  /**
   * Asks for one operation.
   *
   * @param answers brings an answer to the operation's thread, which finds out there what it means
   */
  Questions(
      Participants participants,
      Findings findings,
      Limits limits,
      Deadline overall,
      Consumer<Supplier<Event>> answers) {
    this.participants = participants;
    this.findings = findings;
    this.limits = limits;
    this.overall = overall;
    this.answers = answers;
  }

  /** How long the clocks run; a guest with a pace of its own has other ones. */
  Limits limits() {
    return limits;
  }

  void check() {
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

  void write(Effect.WriteJournal effect, Optional<JournalEntry.Ending> ending) {
    CompletionStage<Journal.Phase> written;
    try {
      participants.write(effect.phase(), effect.owed(), ending);
      written = CompletableFuture.completedFuture(effect.phase());
    } catch (RuntimeException | Error e) {
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

  void reserve() {
    await(
        () -> participants.reserve(overall),
        done -> new Event.Reserved(),
        ErrorCode.PREPARE_FAILED,
        Event.ReserveFailed::new);
  }

  void prepare() {
    await(
        () -> participants.prepare(overall),
        done -> new Event.Prepared(),
        ErrorCode.PREPARE_FAILED,
        Event.PrepareFailed::new);
  }

  void freeze() {
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

  void pause() {
    findings.pauseAsked(System.nanoTime());
    await(
        () -> participants.pause(Deadline.after(Limits.ATTEMPT)),
        done -> new Event.Paused(),
        ErrorCode.PAUSE_FAILED,
        Event.PauseFailed::new);
  }

  void cut() {
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

  void resume() {
    findings.resumeAsked();
    await(
        () -> participants.resume(Deadline.after(Limits.ATTEMPT)),
        done -> {
          findings.resumed(System.nanoTime());
          return new Event.Resumed();
        },
        ErrorCode.RESUME_NOT_PROVED,
        Event.ResumeFailed::new);
  }

  void thaw() {
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

  void settle() {
    await(
        () -> participants.settle(end()),
        found -> {
          findings.settled(found);
          return new Event.Settled(found.state());
        },
        ErrorCode.INTERNAL,
        failure -> new Event.Settled(Settlement.State.UNKNOWN));
  }

  void undo() {
    await(
        () -> participants.undo(end()),
        done -> new Event.Undone(),
        ErrorCode.UNDO_FAILED,
        Event.UndoFailed::new);
  }

  void clean() {
    await(
        () -> participants.clean(end()),
        done -> new Event.Cleaned(),
        ErrorCode.CLEANUP_FAILED,
        Event.CleanFailed::new);
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
    try {
      action
          .get()
          .whenComplete(
              (value, thrown) -> answers.accept(() -> heard(value, thrown, success, failure)));
    } catch (RuntimeException | Error e) {
      answers.accept(() -> failure.apply(e));
    }
  }

  private static <T> Event heard(
      T value,
      @Nullable Throwable thrown,
      Function<T, Event> success,
      Function<Throwable, Event> failure) {
    try {
      return thrown == null ? success.apply(value) : failure.apply(thrown);
    } catch (RuntimeException | Error e) {
      return failure.apply(e);
    }
  }

  /** The latest moment at which an answer can still matter. */
  private Deadline end() {
    Duration left = overall.remaining().plus(limits.bound());
    return Deadline.after(left);
  }

  private static Throwable unwrapped(Throwable thrown) {
    Throwable t = thrown;
    while (t instanceof CompletionException && t.getCause() != null) {
      t = t.getCause();
    }
    return t;
  }
}
