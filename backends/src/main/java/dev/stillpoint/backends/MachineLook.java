package dev.stillpoint.backends;

import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.QueryUuid;
import dev.stillpoint.qmp.qapi.UuidInfo;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;

/** Finds out which machine it is ({@code query-uuid}, and the process behind the socket). */
final class MachineLook {
  /** What QEMU says of a machine that was given no uuid. */
  private static final String NO_UUID = "00000000-0000-0000-0000-000000000000";

  private MachineLook() {}

  /** By its monitor; one that tells no uuid, such as a storage daemon's, is known by the rest. */
  static CompletionStage<MachineIdentity> identify(
      QmpClient monitor, Optional<Endpoint> agent, Deadline deadline) {
    return monitor
        .execute(new QueryUuid(), deadline.remaining())
        .handle((info, thrown) ->
            of(
                monitor,
                agent,
                Optional.ofNullable(info).map(UuidInfo::uuid).filter(id -> !id.equals(NO_UUID))));
  }

  /** As far as its connections tell, without asking it anything. */
  static MachineIdentity atFirst(QmpClient monitor, Optional<Endpoint> agent) {
    return of(monitor, agent, Optional.empty());
  }

  private static MachineIdentity of(
      QmpClient monitor, Optional<Endpoint> agent, Optional<String> uuid) {
    return new MachineIdentity(
        Optional.of(MachineLock.addressOf(monitor.endpoint())),
        agent.map(MachineLock::addressOf),
        incarnation(monitor.peerPid()),
        uuid);
  }

  /** By its agent's endpoint alone. */
  static MachineIdentity ofAgent(Endpoint agent, OptionalLong peer) {
    return new MachineIdentity(
        Optional.empty(),
        Optional.of(MachineLock.addressOf(agent)),
        incarnation(peer),
        Optional.empty());
  }

  /** None where a proxy answers, or whoever opened the socket for QEMU: their end says nothing. */
  private static Optional<String> incarnation(OptionalLong peer) {
    return peer.isPresent()
        ? ProcessIdentity.ofQemu(peer.getAsLong()).map(ProcessIdentity::toString)
        : Optional.empty();
  }
}
