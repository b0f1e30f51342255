package dev.stillpoint.backends.lock;

import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Who holds a machine, as its lock file tells a person who reads it.
 *
 * @param operation the operation's id, eight hexadecimal digits
 * @param what such as {@code snapshot nightly}, {@code freeze} or {@code thaw}
 * @param process whose it is
 * @param since when the lock was taken, by the host's clock
 * @param endpoint the monitor or agent, as it was named
 */
public record LockOwner(
    String operation, String what, ProcessIdentity process, Instant since, String endpoint) {

  private static final String GUARD = "guard of ";

  /** An owner whose note says nothing, because it was caught while it was written. */
  static LockOwner unknown(String endpoint) {
    return new LockOwner(
        "unknown",
        "not written down yet",
        new ProcessIdentity(-1, -1, ""),
        Instant.EPOCH,
        endpoint);
  }

  /** The refusal of whoever comes second ({@link ErrorCode#BUSY}). */
  public Failure refusal() {
    String held = "the machine is held by " + this + " (" + endpoint + ")";
    return Failure.of(
        ErrorCode.BUSY,
        isGuard()
            ? held
                + ": its owner ended, and the guard lets the guest go; 'stillpoint status' tells"
                + " how far it is"
            : held);
  }

  /** Whether it is the guard of an operation whose own process has ended. */
  public boolean isGuard() {
    return what.startsWith(GUARD);
  }

  /** What a guard's lock says, but for the process, which the guard adds. */
  static String guardNote(String operation, String what, Instant since) {
    return "operation: "
        + plain(operation)
        + "\nwhat: "
        + GUARD
        + plain(what)
        + "\nsince: "
        + since
        + "\n";
  }

  /** One line a value, so that {@code cat} tells who it is. */
  String note() {
    return String.join(
            "\n",
            "operation: " + plain(operation),
            "what: " + plain(what),
            "pid: " + process.pid(),
            "since: " + since.truncatedTo(ChronoUnit.MILLIS),
            "started: " + process.startTicks(),
            "boot: " + process.bootId(),
            "endpoint: " + plain(endpoint))
        + "\n";
  }

  /** What a note says; an unfinished or foreign one is an unknown owner. */
  static LockOwner parse(String note, String endpoint) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String line : note.split("\n", -1)) {
      int colon = line.indexOf(": ");
      if (colon > 0) {
        values.put(line.substring(0, colon), line.substring(colon + 2));
      }
    }
    try {
      return new LockOwner(
          values.getOrDefault("operation", "unknown"),
          values.getOrDefault("what", "unknown"),
          new ProcessIdentity(
              Long.parseLong(values.getOrDefault("pid", "")),
              Long.parseLong(values.getOrDefault("started", "")),
              values.getOrDefault("boot", "")),
          Instant.parse(values.getOrDefault("since", "")),
          values.getOrDefault("endpoint", endpoint));
    } catch (RuntimeException e) {
      return unknown(endpoint);
    }
  }

  private static String plain(String text) {
    return text.replaceAll("\\p{Cntrl}", "?");
  }

  @Override
  public String toString() {
    return "operation "
        + operation
        + " ("
        + what
        + ") of process "
        + process.pid()
        + " since "
        + since.truncatedTo(ChronoUnit.SECONDS);
  }
}
