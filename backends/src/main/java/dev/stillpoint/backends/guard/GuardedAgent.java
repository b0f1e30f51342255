package dev.stillpoint.backends.guard;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/** An agent as a guard speaks to it: no more than a synchronisation, a thaw and a status. */
final class GuardedAgent {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final GuardedLine line;

  GuardedAgent(GuardedLine line) {
    this.line = line;
  }

  /**
   * One attempt: in step, thaw answered, status thawed, on one connection.
   *
   * @param stop whether to stop waiting, as somebody else reads the connection
   * @return true when that is proved
   * @throws IOException when the connection ends or cannot be made; the next attempt makes a new
   *     one
   */
  boolean thaw(Duration attempt, BooleanSupplier stop) throws IOException {
    boolean used = false;
    try {
      line.begin(attempt, stop);
      boolean thawed = thaw();
      used = true;
      return thawed;
    } finally {
      if (!used) {
        line.drop();
      }
    }
  }

  private boolean thaw() throws IOException {
    long id = RANDOM.nextLong() >>> 1;
    String sync = "{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":" + id + "}}\n";
    line.write((char) 0xFF + sync);
    if (!heard((char) 0xFF + "{\"return\":" + id)) {
      return false;
    }
    line.write("{\"execute\":\"guest-fsfreeze-thaw\"}\n");
    // An error may come from a hook, and the status tells what is true; but an agent that does
    // not know the command has thawed nothing, whatever it says.
    String answer = line.read();
    if (answer.isEmpty() || answer.contains("\"class\":\"CommandNotFound\"")) {
      return false;
    }
    line.write("{\"execute\":\"guest-fsfreeze-status\"}\n");
    return line.read().contains("\"return\":\"thawed\"");
  }

  private boolean heard(String beginning) throws IOException {
    for (String said = line.read(); !said.isEmpty(); said = line.read()) {
      int sentinel = said.lastIndexOf(0xFF);
      if (sentinel >= 0 && said.startsWith(beginning, sentinel)) {
        return true;
      }
    }
    return false;
  }
}
