package dev.stillpoint.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Work that owes nothing to a guest, and that Ctrl-C, SIGTERM and SIGHUP end at once with an exit
 * code of ours. Before it has said how it is to be stopped, that is 1. See {@link Interruptible}
 * for work that owes something.
 */
final class EndsBySignal {
  /** How long the work may take to end once it was asked to. */
  static final Duration ENDING = Duration.ofSeconds(2);

  private final AtomicReference<@Nullable Runnable> stop = new AtomicReference<>();
  private final CompletableFuture<Integer> ended = new CompletableFuture<>();

  private EndsBySignal() {}

  /** Runs work under a shutdown hook, and returns its exit code. */
  static int run(Work work) {
    var guarded = new EndsBySignal();
    Thread hook = Thread.ofPlatform().name("stillpoint-signalled").unstarted(guarded::signalled);
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      int code = work.run(guarded);
      guarded.ended.complete(code);
      return code;
    } finally {
      guarded.ended.complete(ExitCode.FAILED);
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException shuttingDown) {
        // The hook has the code, and ends the process with it.
      }
    }
  }

  /** From now on a signal does this, which must not block, and waits for the work's end. */
  void whenSignalled(Runnable action) {
    stop.set(action);
  }

  private void signalled() {
    Runnable action = stop.get();
    int code = ExitCode.FAILED;
    if (action != null) {
      action.run();
      code = ended.completeOnTimeout(code, ENDING.toMillis(), TimeUnit.MILLISECONDS).join();
    }
    Runtime.getRuntime().halt(code);
  }

  /** What is run; returns its exit code. */
  interface Work {
    int run(EndsBySignal guarded);
  }
}
