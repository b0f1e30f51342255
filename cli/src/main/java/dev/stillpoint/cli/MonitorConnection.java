package dev.stillpoint.cli;

import dev.stillpoint.backends.lock.LockOwner;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.util.List;
import java.util.concurrent.CompletionException;

/** A connection to a monitor, as every command wants it. */
final class MonitorConnection {
  private MonitorConnection() {}

  /**
   * Connects and waits for it.
   *
   * @throws SnapshotException that says who has the machine, if anybody, else why it cannot be
   *     reached
   */
  static QmpClient open(Endpoint monitor, QmpOptions options) {
    try {
      return QmpClient.connect(monitor, options).join();
    } catch (CompletionException e) {
      throw new SnapshotException(
          MachineLock.owner(List.of(monitor))
              .map(LockOwner::refusal)
              .orElseGet(() -> SnapshotException.failureOf(e, ErrorCode.MONITOR_UNAVAILABLE)),
          e);
    }
  }
}
