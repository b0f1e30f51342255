package dev.stillpoint.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/**
 * Work that a signal cannot cut short. Ctrl-C, SIGTERM and SIGHUP run the JVM's shutdown hooks;
 * ours asks the work to stop, waits for it to lead the guest out of its freeze, and then ends the
 * process with the work's own exit code. Only {@code halt} can do that from a hook: the code of the
 * signal is settled by then, and {@code exit} would wait for the hook that calls it. Further
 * signals change nothing. A terminal that is gone, or a pipe that nobody reads, holds the work's
 * last words and not the process: they get {@link #TELLING}.
 */
final class Interruptible {
  /** How long the result may take to be told once it is settled, after a signal. */
  static final Duration TELLING = Duration.ofSeconds(2);

  private final CompletableFuture<Void> asked = new CompletableFuture<>();
  private final CompletableFuture<Integer> settled = new CompletableFuture<>();
  private final CompletableFuture<Integer> ended = new CompletableFuture<>();
  private final Duration bound;
  private final IntConsumer halt;
  private boolean begun;
  private boolean interrupted;

  /** Work that has not begun; {@code bound} is how long it may take to stop when it is asked to. */
  Interruptible(Duration bound, IntConsumer halt) {
    this.bound = bound;
    this.halt = halt;
  }

  /** Runs work under a shutdown hook. */
  static int run(Duration bound, Work work) {
    var guarded = new Interruptible(bound, code -> Runtime.getRuntime().halt(code));
    Thread hook =
        Thread.ofPlatform().name("stillpoint-interrupted").unstarted(guarded::interrupted);
    Runtime.getRuntime().addShutdownHook(hook);
    int code;
    try {
      code = guarded.ended(work.run(guarded));
    } catch (RuntimeException | Error accident) {
      guarded.ended(guarded.accident());
      throw accident;
    }
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      // The hook has the code, and ends the process with it.
      return code;
    }
    return code;
  }

  /**
   * From here on something may be owed to the guest.
   *
   * @return false when a signal came before: then nothing must be begun
   */
  synchronized boolean begin() {
    begun = !interrupted;
    return begun;
  }

  /** What an accident in the work means: nobody knows what is owed once it has begun. */
  private synchronized int accident() {
    return begun ? ExitCode.MAY_BE_FROZEN : ExitCode.FAILED;
  }

  /** Runs an action, which must not block, when a signal asks the work to stop, or at once. */
  void whenAsked(Runnable stop) {
    var unused = asked.thenRun(stop);
  }

  /** The hook: ends the process. */
  void interrupted() {
    boolean owed;
    synchronized (this) {
      interrupted = true;
      owed = begun;
    }
    asked.complete(null);
    int code = ExitCode.FAILED;
    if (owed) {
      code =
          settled
              .completeOnTimeout(ExitCode.MAY_BE_FROZEN, bound.toMillis(), TimeUnit.MILLISECONDS)
              .join();
      code = ended.completeOnTimeout(code, TELLING.toMillis(), TimeUnit.MILLISECONDS).join();
    }
    halt.accept(code);
  }

  /** Nothing is owed any more, or all was tried: what is left is to tell, and to end with this. */
  void settled(int code) {
    settled.complete(code);
  }

  /** The work has ended, and with this code. */
  int ended(int code) {
    ended.complete(code);
    settled.complete(code);
    return code;
  }

  /** What is guarded; returns its exit code. */
  interface Work {
    int run(Interruptible guarded);
  }
}
