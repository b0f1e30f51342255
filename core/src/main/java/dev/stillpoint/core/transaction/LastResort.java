package dev.stillpoint.core.transaction;

import dev.stillpoint.core.spi.Deadline;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What is done where the machine cannot be followed any more: a resume and a thaw that are owed are
 * asked for once, in this order, and then it ends, whether they are answered or not.
 */
final class LastResort {
  private final Participants participants;
  private final Findings findings;
  private final Executor thread;
  private final Runnable end;

  /**
   * The last resort of one operation.
   *
   * @param thread the operation's
   * @param end ends it, and may be run twice
   */
  LastResort(Participants participants, Findings findings, Executor thread, Runnable end) {
    this.participants = participants;
    this.findings = findings;
    this.thread = thread;
    this.end = end;
  }

  /** Lets the guest go, for all that can be done here. */
  void letGo(ScheduledExecutorService clock) {
    var unused = clock.schedule(end, 2 * Limits.ATTEMPT.toNanos(), TimeUnit.NANOSECONDS);
    if (findings.owesResume()) {
      lastly(
          () -> participants.resume(Deadline.after(Limits.ATTEMPT)),
          done -> findings.resumed(System.nanoTime()),
          this::thaw);
    } else {
      thaw();
    }
  }

  private void thaw() {
    if (findings.owesThaw()) {
      lastly(() -> participants.thaw(Deadline.after(Limits.ATTEMPT)), findings::thawed, end);
    } else {
      end.run();
    }
  }

  private <T> void lastly(Supplier<CompletionStage<T>> action, Consumer<T> found, Runnable next) {
    try {
      action
          .get()
          .whenComplete((value, thrown) ->
              thread.execute(() -> {
                try {
                  if (thrown == null) {
                    found.accept(value);
                  }
                } finally {
                  next.run();
                }
              }));
    } catch (RuntimeException | Error e) {
      next.run();
    }
  }
}
