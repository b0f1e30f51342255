package dev.stillpoint.backends.guest;

import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.command.QmpCommand;
import dev.stillpoint.qmp.qapi.RunState;
import dev.stillpoint.qmp.qapi.StatusInfo;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Pauses and resumes nobody, once in a process, so that every class and lambda of a pauser is
 * loaded before a machine stands still for the first time.
 */
final class PauseRehearsal {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private PauseRehearsal() {}

  /**
   * Rehearses, the first time it is called in this process. Blocks nobody: nothing is waited for.
   */
  static void once() {
    Lazy.DONE.run();
  }

  private static final class Lazy {
    static final Runnable DONE = rehearse();

    private static Runnable rehearse() {
      var monitor = new Pretender();
      var pauser = new MonitorPauser(monitor);
      var paused = pauser.pause(Deadline.after(PATIENCE)).toCompletableFuture();
      monitor.answer(false, RunState.PAUSED);
      paused.join();
      var resumed = pauser.resume(Deadline.after(PATIENCE)).toCompletableFuture();
      monitor.tell(false, RunState.PAUSED);
      monitor.answer(true, RunState.RUNNING);
      resumed.join();
      return () -> {};
    }
  }

  /** Answers when it is told to: a reply that is there already would go another way. */
  private static final class Pretender implements MonitorPauser.Line {
    private final ArrayDeque<CompletableFuture<?>> asked = new ArrayDeque<>();

    @Override
    public <R> CompletableFuture<R> execute(QmpCommand<R> command, Duration timeout) {
      var reply = new CompletableFuture<R>();
      asked.add(reply);
      return reply;
    }

    /** The change is done, and the machine is in this state. */
    void answer(boolean running, RunState state) {
      complete(null);
      tell(running, state);
    }

    void tell(boolean running, RunState state) {
      complete(new StatusInfo(running, state, null));
    }

    @SuppressWarnings("unchecked")
    private void complete(@Nullable Object value) {
      ((CompletableFuture<@Nullable Object>) asked.remove()).complete(value);
    }
  }
}
