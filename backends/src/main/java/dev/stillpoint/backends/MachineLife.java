package dev.stillpoint.backends;

import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.qmp.endpoint.ConnectFailedException;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Whether the machine that an operation worked on still lives. Only a proof counts: what cannot be
 * told is {@link #UNKNOWN}, and then everything is still owed.
 */
enum MachineLife {
  /** It is the one that answers, as far as anything can tell. */
  SAME,
  /** That life of it is over, whether another has begun or not. */
  GONE,
  /** It does not answer, and nothing shows that it is gone; or somebody else answers for it. */
  UNKNOWN;

  /**
   * Of a machine that answered.
   *
   * @param peer the process behind the socket; empty where it cannot be told, as over TCP. One that
   *     is no QEMU, such as a proxy, tells nothing either
   */
  static MachineLife answered(MachineIdentity then, OptionalLong peer) {
    Optional<ProcessIdentity> before = processOf(then);
    if (before.isEmpty()) {
      return SAME;
    }
    if (!before.get().isAlive()) {
      return GONE;
    }
    Optional<ProcessIdentity> now =
        peer.isPresent() ? ProcessIdentity.ofQemu(peer.getAsLong()) : Optional.empty();
    return now.isEmpty() || now.equals(before) ? SAME : UNKNOWN;
  }

  /** Of a machine to which no connection came about. */
  static MachineLife unanswered(MachineIdentity then, Throwable why) {
    boolean ended = processOf(then).filter(before -> !before.isAlive()).isPresent();
    return ended && nobodyListens(why) ? GONE : UNKNOWN;
  }

  private static boolean nobodyListens(Throwable why) {
    for (Throwable t = why; t != null; t = t.getCause()) {
      if (t instanceof ConnectFailedException failed) {
        return switch (failed.reason()) {
          case NO_SUCH_FILE, NOT_A_SOCKET, REFUSED -> true;
          default -> false;
        };
      }
    }
    return false;
  }

  private static Optional<ProcessIdentity> processOf(MachineIdentity machine) {
    return machine.incarnation().flatMap(ProcessIdentity::parse);
  }
}
