package dev.stillpoint.backends;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The monitor of a machine that an operation has left, as far as it can be reached: with it, with
 * another life of that machine behind it, or without. Once it has answered, no command of the
 * operation is to come any more, because QEMU serves one client at a time. Used by one thread.
 */
final class MonitorReach implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final @Nullable QmpClient client;
  private final String reason;
  private final boolean sameProcess;
  private final boolean anotherMachine;
  private MachineLife life;

  private MonitorReach(
      @Nullable QmpClient client,
      MachineLife life,
      String reason,
      boolean sameProcess,
      boolean anotherMachine) {
    this.sameProcess = sameProcess;
    this.anotherMachine = anotherMachine;
    this.client = client;
    this.life = life;
    this.reason = reason;
  }

  /** Connects to the monitor that is written down; waits no longer than a client usually does. */
  static MonitorReach of(MachineIdentity then) {
    if (then.monitor().isEmpty()) {
      return new MonitorReach(
          null, MachineLife.UNKNOWN, "no monitor is written down", false, false);
    }
    Endpoint endpoint = Endpoint.parse(then.monitor().get());
    try {
      QmpClient client =
          QmpClient.connect(endpoint, QmpOptions.defaults().withConnectTimeout(PATIENCE)).join();
      return reached(client, then);
    } catch (CompletionException e) {
      return new MonitorReach(
          null,
          MachineLife.unanswered(then, e),
          SnapshotException.failureOf(e, ErrorCode.MONITOR_UNAVAILABLE).message(),
          false,
          false);
    }
  }

  private static MonitorReach reached(QmpClient client, MachineIdentity then) {
    boolean kept = false;
    try {
      MachineLife life = MachineLife.answered(then, client.peerPid());
      MachineIdentity now =
          MachineLook.identify(client, Optional.empty(), Deadline.after(PATIENCE))
              .toCompletableFuture()
              .join();
      boolean another =
          then.uuid().isPresent() && now.uuid().isPresent() && !then.uuid().equals(now.uuid());
      kept = true;
      return new MonitorReach(
          client,
          another && life == MachineLife.SAME ? MachineLife.UNKNOWN : life,
          another
              ? "another machine answers at " + client.endpoint()
              : "another process listens at " + client.endpoint(),
          then.incarnation().isPresent() && then.incarnation().equals(now.incarnation()),
          another);
    } finally {
      if (!kept) {
        client.close();
      }
    }
  }

  MachineLife life() {
    return life;
  }

  /** Whether the very process answers that did when it was written down. */
  boolean isSameProcess() {
    return sameProcess;
  }

  /** Whether the machine that answers says another uuid: what it has is none of ours to touch. */
  boolean isAnotherMachine() {
    return anotherMachine;
  }

  /** Its agent has shown that this life of the machine is over. */
  void foundGone() {
    life = MachineLife.GONE;
  }

  /** Why it is not reached, where it is not. */
  String reason() {
    return reason;
  }

  /** Whoever answers there, be it another life of the machine. */
  Optional<QmpClient> client() {
    return Optional.ofNullable(client);
  }

  /** The monitor of the machine itself. */
  QmpClient require() {
    if (client == null || life != MachineLife.SAME) {
      throw new SnapshotException(Failure.of(ErrorCode.MONITOR_UNAVAILABLE, reason));
    }
    return client;
  }

  @Override
  public void close() {
    if (client != null) {
      client.close();
    }
  }
}
