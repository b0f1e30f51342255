package dev.stillpoint.backends;

import dev.stillpoint.backends.guard.Guards;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.QgaOptions;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * A thaw that somebody else left owed, pursued by whoever holds the machine's lock.
 *
 * @param stop asked between two connections; a thaw that is written is always waited for
 */
record OwedThaw(String operation, MachineIdentity machine, Endpoint agent, BooleanSupplier stop) {
  private static final Duration PAUSE = Duration.ofMillis(200);

  /**
   * Thaws the guest and proves it, over as many connections as the bound allows.
   *
   * @param warnings hears what the agent said besides
   * @return false when the machine is shown to be gone, and its freeze with it
   * @throws SnapshotException with {@link ErrorCode#THAW_NOT_PROVED}
   */
  boolean pursue(Deadline until, List<String> warnings) {
    while (true) {
      try (QgaClient client = connect(until)) {
        return switch (MachineLife.answered(machine, client.peerPid())) {
          case SAME -> {
            thaw(client, until, warnings);
            yield true;
          }
          case GONE -> false;
          case UNKNOWN ->
              throw notProved(
                  "another process listens at " + agent + ", and the one before it still lives");
        };
      } catch (CompletionException e) {
        if (MachineLife.unanswered(machine, e) == MachineLife.GONE) {
          return false;
        }
        if (until.remaining().isZero()) {
          throw notProved(SnapshotException.failureOf(e, ErrorCode.AGENT_UNAVAILABLE).message());
        }
        if (stop.getAsBoolean()) {
          throw notProved("asked to stop before the agent could be reached");
        }
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }

  private QgaClient connect(Deadline until) {
    return QgaClient.connect(
            agent, QgaOptions.defaults().withConnectTimeout(until.remaining().plus(PAUSE)))
        .join();
  }

  private void thaw(QgaClient client, Deadline until, List<String> warnings) {
    try (GuestFreeze guest =
        GuestFreeze.over(client, operation, "recover", Journal.none(), Guards.fresh())) {
      warnings.addAll(guest.thaw(until.remaining()).warnings());
    }
  }

  private static SnapshotException notProved(String why) {
    return new SnapshotException(
        Failure.of(
            ErrorCode.THAW_NOT_PROVED, "the guest may be frozen: no thaw could be proved: " + why));
  }
}
