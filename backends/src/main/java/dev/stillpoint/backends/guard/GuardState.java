package dev.stillpoint.backends.guard;

import dev.stillpoint.backends.process.ProcessIdentity;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a guard tells of itself.
 *
 * @param operation the operation's id
 * @param what what its owner does or did, such as {@code snapshot nightly}
 * @param owner the process that the guard belongs to
 * @param guard the guard's own process
 * @param phase who has to pay what is owed
 * @param owed {@code thaw}, {@code resume}, or both; empty when nothing is any more
 * @param since since when it is so, by the host's clock
 */
public record GuardState(
    String operation,
    String what,
    ProcessIdentity owner,
    ProcessIdentity guard,
    Phase phase,
    String owed,
    Instant since) {

  /** Who has to pay what is owed. */
  public enum Phase {
    /** The owner, who lives: it holds the guest, or is about to freeze or to thaw it. */
    HELD,
    /** The guard: the owner ended, stands still, or gave up. */
    PURSUED
  }

  /** One line a value. */
  String note() {
    return String.join(
            "\n",
            "operation: " + operation,
            "what: " + what.replaceAll("\\p{Cntrl}", "?"),
            "owner: " + owner,
            "guard: " + guard,
            "phase: " + phase,
            "owed: " + owed,
            "since: " + since.truncatedTo(ChronoUnit.MILLIS))
        + "\n";
  }

  /**
   * Reads it back.
   *
   * @throws IllegalArgumentException when it is nothing of the kind
   */
  static GuardState parse(String note) {
    Map<String, String> values = values(note);
    try {
      return new GuardState(
          values.getOrDefault("operation", ""),
          values.getOrDefault("what", ""),
          ProcessIdentity.parse(values.getOrDefault("owner", "")).orElseThrow(),
          ProcessIdentity.parse(values.getOrDefault("guard", "")).orElseThrow(),
          Phase.valueOf(values.getOrDefault("phase", "")),
          values.getOrDefault("owed", ""),
          Instant.parse(values.getOrDefault("since", "")));
    } catch (RuntimeException e) {
      throw new IllegalArgumentException("not what a guard says: " + note, e);
    }
  }

  private static Map<String, String> values(String note) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String line : note.split("\n", -1)) {
      int colon = line.indexOf(": ");
      if (colon > 0) {
        values.put(line.substring(0, colon), line.substring(colon + 2));
      }
    }
    return values;
  }

  /** In words, for a person. */
  @Override
  public String toString() {
    String named = "operation " + operation + " (" + what + ")";
    Instant when = since.truncatedTo(ChronoUnit.SECONDS);
    return phase == Phase.HELD
        ? "held by "
            + named
            + " of process "
            + owner.pid()
            + " since "
            + when
            + "; guard: process "
            + guard.pid()
        : "the guard of "
            + named
            + ", process "
            + guard.pid()
            + ", pursues the "
            + (owed.isEmpty() ? "end" : owed)
            + " since "
            + when;
  }
}
