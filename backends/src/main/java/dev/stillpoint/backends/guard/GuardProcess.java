package dev.stillpoint.backends.guard;

import dev.stillpoint.backends.journal.GuardNote;
import dev.stillpoint.backends.process.ProcessIdentity;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;

/**
 * The guard itself, a process in a session of its own. Armed with duplicates of the connections to
 * a machine it waits. When its control connection ends, or its deadline passes unextended, it
 * resumes and thaws until that is proved or the machine is gone, and only then goes. One that was
 * let go of may be armed anew, until its control connection ends.
 *
 * <p>The words of the control connection, a line each, numbers where an answer is awaited. From the
 * owner: {@code monitor} and {@code agent} with a descriptor beside them, {@code arm}, {@code
 * extend}, {@code ask N}, {@code resumed}, {@code thawed}, {@code disarm}. From the guard: {@code
 * ready}, {@code have}, {@code armed}, {@code failed WHY}; {@code heard} to a sign of life; {@code
 * armed N} when it has done nothing, {@code back N} when it had begun to act and leaves the rest to
 * the owner again, {@code done N HOW} when nothing is owed any more; {@code disarmed}; {@code
 * asked} when somebody wants the guest thawed now.
 */
final class GuardProcess {
  /** The control socket's name in its directory. */
  static final String SOCKET = "control";

  /** What a guard says first, before its process number. */
  static final String READY = "ready ";

  /** The words of which an owner is told without having asked. */
  static final String ASKED = "asked";

  private static final GuardWatch.Time CLOCK =
      new GuardWatch.Time() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public void rest(Duration length) {
          LockSupport.parkNanos(length.toNanos());
        }
      };

  private final ControlLine owner;
  private Optional<FileDescriptor> monitor = Optional.empty();
  private Optional<FileDescriptor> agent = Optional.empty();

  private GuardProcess(ControlLine owner) {
    this.owner = owner;
  }

  /**
   * Runs a guard.
   *
   * @param args the directory of the owner's control socket, which holds nothing else
   */
  public static void main(String[] args) throws IOException {
    Path directory = Path.of(args[0]);
    Path socket = directory.resolve(SOCKET);
    AFUNIXSocketChannel control = AFUNIXSocketChannel.open();
    try {
      control.connect(AFUNIXSocketAddress.of(socket));
      new GuardProcess(ControlLine.over(control, line -> false)).run();
    } finally {
      // The owner does so as soon as it has accepted, unless it ended before. Not sooner: an
      // accept whose socket has lost its name fails.
      remove(socket);
      remove(directory);
    }
  }

  private static void remove(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      // The owner was first, or it is not empty, and then it is not ours alone.
    }
  }

  private void run() throws IOException {
    owner.say(READY + ProcessHandle.current().pid());
    while (true) {
      String said = owner.hear(Long.MAX_VALUE);
      if (said.equals(Words.ENDED)) {
        return;
      }
      if (said.equals("monitor")) {
        monitor = Optional.ofNullable(owner.descriptor());
        owner.say(monitor.isPresent() ? "have" : "failed no descriptor came with the monitor");
      } else if (said.equals("agent")) {
        agent = Optional.ofNullable(owner.descriptor());
        owner.say(agent.isPresent() ? "have" : "failed no descriptor came with the agent");
      } else if (said.startsWith(Order.WORD) && !guard(Order.parse(said))) {
        return;
      }
    }
  }

  /** Guards one operation; false when the owner is not to be waited for any more. */
  private boolean guard(Order order) throws IOException {
    GuardLocks locks;
    try {
      locks = GuardLocks.take(order.locks(), order.note());
    } catch (IOException e) {
      owner.say("failed " + String.valueOf(e.getMessage()).replace('\n', ' '));
      return true;
    }
    List<GuardedLine> lines = new ArrayList<>();
    String end;
    try {
      var debt = debt(order, lines);
      var state = new Telling(order, debt);
      Optional<GuardDoor> door =
          order.door().flatMap(where -> GuardDoor.open(where, state::now, this::askOwner));
      end = GuardWatch.GAVE_UP;
      try {
        owner.say("armed");
        var watch =
            new GuardWatch(
                owner,
                CLOCK,
                debt,
                Duration.ofNanos(order.deadlineNanos()),
                state::takenOver,
                state::handedBack);
        end = watch.keep();
        write(order, noted(end, watch.ownerEnded()));
      } finally {
        String how = end.equals(GuardWatch.DISARMED) ? debt.outcome() : end;
        door.ifPresent(open -> open.ended(how));
      }
    } finally {
      lines.forEach(GuardedLine::drop);
      locks.close();
    }
    if (end.equals(GuardWatch.DISARMED)) {
      owner.say("disarmed");
      return true;
    }
    GuardWatch.tell(owner, end, CLOCK);
    return false;
  }

  private MachineDebt debt(Order order, List<GuardedLine> lines) {
    Optional<GuardedMonitor> paused =
        order.monitor().map(endpoint -> new GuardedMonitor(line(endpoint, monitor, lines)));
    Optional<GuardedAgent> frozen =
        order.agent().map(endpoint -> new GuardedAgent(line(endpoint, agent, lines)));
    monitor = Optional.empty();
    agent = Optional.empty();
    return new MachineDebt(order.machine(), paused, frozen);
  }

  private static GuardedLine line(
      String endpoint, Optional<FileDescriptor> served, List<GuardedLine> lines) {
    var line = new GuardedLine(endpoint, served);
    lines.add(line);
    return line;
  }

  /** An owner that ended has nobody who could be told; the guard is at it then. */
  private void askOwner() {
    try {
      owner.say(ASKED);
    } catch (IOException e) {
      // It is pursued already.
    }
  }

  /** An owner who only stood still may write his freeze yet: to him a thaw proves nothing. */
  private static String noted(String end, boolean ownerEnded) {
    return end.equals(GuardNote.PROVED) && !ownerEnded ? GuardNote.IN_STANDSTILL : end;
  }

  private static void write(Order order, String end) {
    if (end.equals(GuardWatch.DISARMED) || order.journal().isEmpty()) {
      return;
    }
    try {
      new GuardNote(order.operationId(), end).append(order.journal().get());
    } catch (IOException e) {
      // The guest is what counts; whoever reads the journal asks the agent itself.
    }
  }

  /** What others are told; changed by the guard's own thread, read by those of the door. */
  private static final class Telling {
    private final Order order;
    private final MachineDebt debt;
    private volatile Instant since = Instant.now();
    private volatile GuardState.Phase phase = GuardState.Phase.HELD;

    Telling(Order order, MachineDebt debt) {
      this.order = order;
      this.debt = debt;
    }

    void takenOver() {
      phase = GuardState.Phase.PURSUED;
      since = Instant.now();
    }

    void handedBack() {
      phase = GuardState.Phase.HELD;
      since = Instant.now();
    }

    GuardState now() {
      return new GuardState(
          order.operationId(),
          order.what(),
          order.owner(),
          ProcessIdentity.current(),
          phase,
          debt.owed(),
          since);
    }
  }
}
