package dev.stillpoint.cli;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Work that a signal cannot cut short. Ctrl-C, SIGTERM and SIGHUP run the JVM's shutdown hooks;
 * ours asks the work to stop, waits for it to lead the guest out of its freeze, and then ends the
 * process with the work's own exit code, which only {@code halt} can do from a hook.
 */
final class Interruptible {
  private final CompletableFuture<Integer> ended = new CompletableFuture<>();
  private final Thread hook;

  /**
   * Work that has begun.
   *
   * @param cancel asks it to stop; must not block
   * @param bound how long it may take to do so
   */
  Interruptible(Runnable cancel, Duration bound) {
    this.hook =
        Thread.ofPlatform()
            .name("stillpoint-interrupted")
            .unstarted(() -> {
              cancel.run();
              int code =
                  ended
                      .completeOnTimeout(
                          ExitCode.MAY_BE_FROZEN, bound.toMillis(), TimeUnit.MILLISECONDS)
                      .join();
              System.out.flush();
              Runtime.getRuntime().halt(code);
            });
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** The work has ended; returns the code, or leaves the end of the process to the hook. */
  int ended(int code) {
    ended.complete(code);
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      return code;
    }
    return code;
  }
}
