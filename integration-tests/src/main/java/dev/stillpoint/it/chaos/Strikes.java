package dev.stillpoint.it.chaos;

import dev.stillpoint.it.chaos.Mishap.Damage;
import dev.stillpoint.it.chaos.Mishap.ReplyDamaged;
import dev.stillpoint.it.chaos.Ours.Run;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.ForeignPoller;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Side;
import dev.stillpoint.testkit.proxy.Trap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Does what goes wrong in a round, and takes it back. For one thread. */
final class Strikes implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMillis(300);
  private static final Duration BETWEEN_LOOKS = Duration.ofMillis(2);
  private static final int PIECE = 7;

  private final Scene scene;
  private final List<Mishap> struck = new ArrayList<>();
  private final List<Armed> armed = new ArrayList<>();
  private Optional<ForeignPoller> poller = Optional.empty();
  private volatile boolean closing;
  private volatile long last = System.nanoTime();

  Strikes(Scene scene) {
    this.scene = scene;
  }

  private record Armed(ReplyDamaged mishap, Trap trap) {}

  /** What is there from the beginning. */
  void prepare() {
    for (Mishap mishap : scene.round.mishaps()) {
      switch (mishap) {
        case ReplyDamaged damaged -> arm(damaged);
        case Mishap.Polled polled -> {
          poller = Optional.of(ForeignPoller.on(scene.guest.agent(), PATIENCE));
          struck.add(polled);
        }
        case Mishap.Unread unread -> struck.add(unread);
        case Mishap.DiskFilled full -> {
          if (full.before()) {
            scene.disk.orElseThrow().fill();
            struck.add(full);
          }
        }
        default -> {
          // It comes with the step.
        }
      }
    }
  }

  private void arm(ReplyDamaged damaged) {
    Moment reply =
        damaged.command().isEmpty() ? Moment.anyReply() : Moment.replyTo(damaged.command());
    Fault fault =
        switch (damaged.damage()) {
          case DROPPED -> Fault.drop();
          case DELAYED -> Fault.hold();
          case SPLIT -> Fault.inPieces(PIECE);
          case DUPLICATED -> Fault.duplicate();
          case CUT -> Fault.cut(Side.BOTH);
        };
    Trap trap = scene.proxy(damaged.wire()).arm(reply.number(damaged.number()), fault);
    armed.add(new Armed(damaged, trap));
    Thread.ofPlatform().daemon().name("chaos-wire").start(() -> follow(damaged, trap));
  }

  private void follow(ReplyDamaged damaged, Trap trap) {
    while (trap.times() == 0) {
      if (closing) {
        return;
      }
      LockSupport.parkNanos(BETWEEN_LOOKS.toNanos());
    }
    if (damaged.damage() == Damage.DELAYED) {
      LockSupport.parkNanos(scene.round.pause().toNanos());
      trap.release();
    }
    last = System.nanoTime();
  }

  /** What comes with the step, while our process stands there or runs on. */
  void strike(Run run) {
    // The guest's shell, which others may need, stands still with the machine or goes with it.
    for (boolean machine : new boolean[] {false, true}) {
      for (Mishap mishap : scene.round.mishaps()) {
        if (mishap.strikesAtTheStep() && mishap.isOfTheMachine() == machine) {
          strike(mishap, run);
        }
      }
    }
  }

  private void strike(Mishap mishap, Run run) {
    boolean done = true;
    switch (mishap) {
      case Mishap.OursKilled ignored -> kill(run);
      case Mishap.BothKilled ignored -> {
        // Together, or the guard would be at it already. One that is done has gone by itself.
        Ours.send("STOP", run.process().toHandle());
        var unused = killGuard();
        kill(run);
      }
      case Mishap.OursStopped ignored -> Ours.send("STOP", run.process().toHandle());
      case Mishap.GuardKilled ignored -> done = killGuard();
      case Mishap.AgentStopped ignored -> scene.guest.signalAgent("STOP");
      case Mishap.AgentKilled ignored -> scene.guest.killAgent();
      case Mishap.MachineStopped ignored -> scene.ask("stop");
      case Mishap.QemuGone gone -> end(gone);
      case Mishap.DiskFilled ignored -> scene.disk.orElseThrow().fill();
      case ReplyDamaged ignored -> done = false;
      case Mishap.Polled ignored -> done = false;
      case Mishap.Unread ignored -> done = false;
    }
    if (done) {
      struck.add(mishap);
    }
    happened();
  }

  private static void kill(Run run) {
    run.process().destroyForcibly();
    run.ended(Duration.ofSeconds(10));
  }

  private boolean killGuard() {
    Optional<ProcessHandle> guard = scene.ours.guard();
    guard.ifPresent(ProcessHandle::destroyForcibly);
    return guard.isPresent();
  }

  private void end(Mishap.QemuGone gone) {
    // Seen once: told to quit while it makes an image, QEMU 7.2 neither ends nor serves any more.
    if (gone.killed() || !scene.quit()) {
      ProcessHandle.of(scene.guest.pid()).ifPresent(ProcessHandle::destroyForcibly);
      scene.quit();
    }
    scene.closeProxies();
  }

  /** Ends what lasts, the last one first. */
  void relent(Run run) {
    for (Mishap mishap : List.copyOf(struck).reversed()) {
      switch (mishap) {
        case Mishap.OursStopped stopped -> {
          if (stopped.continued()) {
            Ours.send("CONT", run.process().toHandle());
          }
        }
        case Mishap.AgentStopped ignored -> inGuest(() -> scene.guest.signalAgent("CONT"));
        case Mishap.AgentKilled killed ->
            inGuest(
                killed.stateKept() ? scene.guest::startAgent : scene.guest::startAgentWithoutState);
        case Mishap.MachineStopped ignored -> continueMachine();
        case Mishap.DiskFilled ignored -> {
          scene.disk.orElseThrow().empty();
          continueMachine();
        }
        case Mishap.Unread ignored -> scene.terminal.orElseThrow().read();
        case Mishap.Polled ignored -> poller.ifPresent(ForeignPoller::close);
        default -> {
          // It does not last.
        }
      }
      if (mishap.holdsTheGuest()) {
        happened();
      }
    }
  }

  private void inGuest(Runnable action) {
    if (scene.guest.isAlive()) {
      action.run();
    }
  }

  private void continueMachine() {
    if (scene.guest.isAlive()) {
      scene.ask("cont");
    }
  }

  /** A fault has just happened, or has just ended. */
  void happened() {
    last = System.nanoTime();
  }

  /** When the last of them did, by {@link System#nanoTime}. */
  long last() {
    return last;
  }

  /** Those that did happen: a step may not be reached, and a reply may not come. */
  List<Mishap> struck() {
    var all = new ArrayList<>(struck);
    armed.stream().filter(one -> one.trap().times() > 0).map(Armed::mishap).forEach(all::add);
    return List.copyOf(all);
  }

  boolean has(Class<? extends Mishap> kind) {
    return struck().stream().anyMatch(kind::isInstance);
  }

  @Override
  public void close() {
    closing = true;
    poller.ifPresent(ForeignPoller::close);
  }
}
