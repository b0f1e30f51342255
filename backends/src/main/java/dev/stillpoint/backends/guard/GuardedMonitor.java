package dev.stillpoint.backends.guard;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * A monitor as a guard speaks to it: {@code query-status}, and {@code cont} where the machine
 * stands still because somebody stopped it. Commands of a dead owner that QEMU has read come first,
 * so that a {@code stop} among them is seen in the status.
 */
final class GuardedMonitor {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int HEXADECIMAL = 16;

  private final GuardedLine line;

  GuardedMonitor(GuardedLine line) {
    this.line = line;
  }

  /**
   * One attempt: the machine is seen running, or stands still for a reason that is not ours ({@code
   * io-error}, {@code guest-panicked} and their like).
   *
   * @param stop whether to stop waiting, as somebody else reads the connection
   * @return true when no {@code cont} is owed any more
   * @throws IOException when the connection ends or cannot be made; the next attempt makes a new
   *     one
   */
  boolean resume(Duration attempt, BooleanSupplier stop) throws IOException {
    boolean used = false;
    try {
      if (line.begin(attempt, stop) && !negotiated()) {
        return false;
      }
      boolean resumed = resume();
      used = true;
      return resumed;
    } finally {
      if (!used) {
        line.drop();
      }
    }
  }

  /** A new connection is greeted, once it is its turn. */
  private boolean negotiated() throws IOException {
    String greeting = line.read();
    return !greeting.isEmpty() && executed("qmp_capabilities");
  }

  private boolean resume() throws IOException {
    String before = asked("query-status");
    if (before.isEmpty() || !isPaused(before)) {
      return !before.isEmpty();
    }
    if (!executed("cont")) {
      return false;
    }
    String after = asked("query-status");
    return !after.isEmpty() && !isPaused(after);
  }

  /** What {@code stop} makes of a machine; what stands still otherwise, {@code cont} must not. */
  private static boolean isPaused(String answer) {
    return answer.contains("\"running\":false") && answer.contains("\"status\":\"paused\"");
  }

  private boolean executed(String command) throws IOException {
    return asked(command).contains("\"return\":");
  }

  /**
   * The answer to a command: the line with its id, whatever comes before it, be it events or what
   * the owner was to hear. Empty when none came in time.
   */
  private String asked(String command) throws IOException {
    String id = "\"id\":\"guard-" + Long.toString(RANDOM.nextLong() >>> 1, HEXADECIMAL) + "\"";
    // The sentinel ends what the owner may have left half written.
    line.write((char) 0xFF + "{\"execute\":\"" + command + "\"," + id + "}\n");
    for (String said = line.read(); !said.isEmpty(); said = line.read()) {
      if (said.contains(id)) {
        return said;
      }
    }
    return "";
  }
}
