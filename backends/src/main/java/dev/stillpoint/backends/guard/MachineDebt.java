package dev.stillpoint.backends.guard;

import dev.stillpoint.backends.process.ProcessIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * What may be owed to one machine: a {@code cont}, which comes first because a guest that stands
 * still cannot thaw, and a thaw. A {@code cont} that fails does not keep the thaw from being tried.
 * Its states are changed by one thread and may be read by others.
 */
final class MachineDebt implements GuardWatch.Debt {
  /** The owner let go of a machine to which nothing was owed: what it was to write, it did not. */
  static final String RELEASED = "released";

  private final Optional<ProcessIdentity> machine;
  private final Optional<GuardedMonitor> monitor;
  private final Optional<GuardedAgent> agent;
  private volatile boolean resumeOwed;
  private volatile boolean thawOwed;

  MachineDebt(
      Optional<ProcessIdentity> machine,
      Optional<GuardedMonitor> monitor,
      Optional<GuardedAgent> agent) {
    this.machine = machine;
    this.monitor = monitor;
    this.agent = agent;
    this.resumeOwed = monitor.isPresent();
    this.thawOwed = agent.isPresent();
  }

  @Override
  public boolean pay(Duration attempt, BooleanSupplier stop) throws IOException {
    Optional<IOException> trouble = Optional.empty();
    if (resumeOwed) {
      try {
        resumeOwed = !monitor.orElseThrow().resume(attempt, stop);
      } catch (IOException e) {
        trouble = Optional.of(e);
      } catch (RuntimeException e) {
        trouble = Optional.of(new IOException(e));
      }
    }
    if (thawOwed && !stop.getAsBoolean()) {
      thawOwed = !agent.orElseThrow().thaw(attempt, stop);
    }
    if (trouble.isPresent()) {
      throw trouble.get();
    }
    return !resumeOwed && !thawOwed;
  }

  @Override
  public boolean isVoid() {
    return machine.filter(one -> !one.isAlive()).isPresent();
  }

  @Override
  public boolean isWatched() {
    return machine.isPresent();
  }

  @Override
  public void resumed() {
    resumeOwed = false;
  }

  @Override
  public void thawed() {
    thawOwed = false;
  }

  @Override
  public String paid() {
    return agent.isPresent() ? "thawed" : "resumed";
  }

  /** How it ended for those who ask, where the owner let go: paid, or never owed. */
  String outcome() {
    return resumeOwed || thawOwed ? RELEASED : paid();
  }

  /** What is owed still, in words. */
  String owed() {
    List<String> what = new ArrayList<>();
    if (resumeOwed) {
      what.add("resume");
    }
    if (thawOwed) {
      what.add("thaw");
    }
    return String.join(" and ", what);
  }
}
