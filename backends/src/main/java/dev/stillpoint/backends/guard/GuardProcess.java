package dev.stillpoint.backends.guard;

import dev.stillpoint.backends.journal.GuardNote;
import dev.stillpoint.backends.process.ProcessIdentity;
import java.io.FileDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.newsclub.net.unix.AFUNIXSocketAddress;
import org.newsclub.net.unix.AFUNIXSocketChannel;

/**
 * The guard itself, a process in a session of its own. Armed with a duplicate of the agent's
 * connection it waits. When its control connection ends, or its deadline passes unextended, it
 * thaws the guest until that is proved or the machine is gone, and only then goes.
 *
 * <p>The words of the control connection, a line each: {@code arm}, {@code extend}, {@code ask} and
 * {@code disarm} from the owner; {@code ready}, {@code armed}, {@code disarmed} and {@code done}
 * from the guard. Once it has taken over, it answers an {@code ask} by {@code armed} while the thaw
 * is not proved, and leaves it to the owner again; by {@code done} when it is.
 */
final class GuardProcess {
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** How long an owner who was stopped may take to come back and ask what became of it. */
  private static final long WAIT_FOR_OWNER_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** How long nobody may serve the agent's socket, where its server's end tells nothing. */
  private static final long LONGEST_UNSERVED_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** The control socket's name in its directory. */
  static final String SOCKET = "control";

  private static final String BACK = "the owner is back";

  private static final int CHUNK = 8192;

  /** Room for the ancillary data of one descriptor. */
  private static final int ANCILLARY = 256;

  private final AFUNIXSocketChannel control;
  private final StringBuilder text = new StringBuilder();
  private final Deque<String> lines = new ArrayDeque<>();
  private final ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
  private boolean ended;

  private GuardProcess(AFUNIXSocketChannel control) {
    this.control = control;
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
      control.setAncillaryReceiveBufferSize(ANCILLARY);
      control.configureBlocking(false);
      new GuardProcess(control).run();
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
    say("ready");
    String arm = next(Long.MAX_VALUE);
    if (!arm.startsWith("arm ")) {
      return;
    }
    Order order = Order.parse(arm);
    FileDescriptor[] passed = control.getReceivedFileDescriptors();
    if (passed == null || passed.length == 0) {
      return;
    }
    GuardedAgent agent = new GuardedAgent(passed[0], order.endpoint());
    String did = BACK;
    while (did.equals(BACK)) {
      say("armed");
      if (isDisarmed(order)) {
        return;
      }
      did = thaw(agent, order.machine());
    }
    try {
      new GuardNote(order.operationId(), did).append(order.journal());
    } catch (IOException e) {
      // The guest is what counts; whoever reads the journal asks the agent itself.
    }
    tellOwner(did);
  }

  /** Waits until nothing is owed (true), or its owner is dead or stands still (false). */
  private boolean isDisarmed(Order order) throws IOException {
    long deadline = System.nanoTime() + order.deadlineNanos();
    while (true) {
      String said = next(deadline);
      switch (said) {
        case "extend" -> deadline = System.nanoTime() + order.deadlineNanos();
        case "ask" -> {
          deadline = System.nanoTime() + order.deadlineNanos();
          say("armed");
        }
        case "disarm" -> {
          say("disarmed");
          return true;
        }
        default -> {
          return false;
        }
      }
    }
  }

  /**
   * Thaws until that is proved. An owner who was stopped and asks has the obligation back: both of
   * us read one connection, and he would take the answers from us.
   */
  private String thaw(GuardedAgent agent, Optional<ProcessIdentity> machine) {
    long connected = System.nanoTime();
    Duration attempt = GuardedAgent.ATTEMPT;
    while (machine
        .map(ProcessIdentity::isAlive)
        .orElse(System.nanoTime() - connected < LONGEST_UNSERVED_NANOS)) {
      try {
        if (agent.thaw(attempt, this::ownerAsks)) {
          return "thawed";
        }
        if (ownerAsks()) {
          lines.clear();
          return BACK;
        }
        attempt = GuardedAgent.longer(attempt);
        connected = System.nanoTime();
      } catch (IOException e) {
        // The next attempt connects anew.
      }
      LockSupport.parkNanos(RETRY_NANOS);
    }
    return machine.isPresent() ? "gone" : "gave up";
  }

  private boolean ownerAsks() {
    read();
    return lines.contains("ask");
  }

  /** An owner that was stopped asks when it comes back. */
  private void tellOwner(String did) {
    long end = System.nanoTime() + WAIT_FOR_OWNER_NANOS;
    try {
      for (String said = next(end); !said.isEmpty(); said = next(end)) {
        if (!said.equals("extend")) {
          say("done " + did);
        }
      }
    } catch (IOException e) {
      // It is gone.
    }
  }

  private void say(String word) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap((word + "\n").getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      if (control.write(bytes) == 0) {
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
  }

  /** The next line; empty when the connection ended or the time is over. */
  private String next(long deadline) {
    while (true) {
      String line = lines.poll();
      if (line != null) {
        return line;
      }
      // First what came: a guard that stood still itself must not blame its owner.
      if (read()) {
        continue;
      }
      if (ended || (deadline != Long.MAX_VALUE && System.nanoTime() - deadline >= 0)) {
        return "";
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  private boolean read() {
    int count;
    try {
      count = control.read(chunk.clear());
    } catch (IOException e) {
      count = -1;
    }
    ended |= count < 0;
    chunk.flip();
    while (chunk.hasRemaining()) {
      char one = (char) (chunk.get() & 0xFF);
      if (one == '\n') {
        lines.add(text.toString());
        text.setLength(0);
      } else {
        text.append(one);
      }
    }
    return count > 0;
  }
}
