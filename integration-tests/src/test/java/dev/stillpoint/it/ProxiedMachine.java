package dev.stillpoint.it;

import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.proxy.Fault;
import dev.stillpoint.testkit.proxy.FaultProxy;
import dev.stillpoint.testkit.proxy.Moment;
import dev.stillpoint.testkit.proxy.Trap;
import java.time.Duration;
import java.util.function.Consumer;

/** A warm guest with a proxy before its monitor and one before its agent. */
final class ProxiedMachine implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  final Guest guest;
  final FaultProxy monitorProxy;
  final FaultProxy agentProxy;
  final Machine machine;

  private ProxiedMachine(Guest guest, boolean directAgent, Consumer<FaultProxy> armed) {
    this.guest = guest;
    this.monitorProxy = FaultProxy.before(guest.qmp());
    this.agentProxy = FaultProxy.beforeAgent(guest);
    armed.accept(agentProxy);
    this.machine =
        Machine.on(guest, monitorProxy.socket(), directAgent ? guest.agent() : agentProxy.socket());
  }

  static ProxiedMachine start(GuestConfig config) {
    return start(config, proxy -> {});
  }

  /** Arms faults of the agent's proxy before anybody connects through it. */
  static ProxiedMachine start(GuestConfig config, Consumer<FaultProxy> armed) {
    return closingOnFailure(WarmGuest.start(config), false, armed);
  }

  /** Only the monitor behind its proxy: the agent's port can then be watched over the monitor. */
  static ProxiedMachine withDirectAgent(GuestConfig config) {
    return closingOnFailure(WarmGuest.start(config), true, proxy -> {});
  }

  private static ProxiedMachine closingOnFailure(
      Guest guest, boolean directAgent, Consumer<FaultProxy> armed) {
    try {
      return new ProxiedMachine(guest, directAgent, armed);
    } catch (RuntimeException e) {
      guest.close();
      throw e;
    }
  }

  /** The result of a snapshot during whose hold something is done. */
  SnapshotResult take(SnapshotRequest request, Runnable inTheHold) {
    // The first one is the rehearsal.
    Trap cut = monitorProxy.arm(Moment.replyTo("transaction").number(2), Fault.hold());
    SnapshotOperation operation = machine.engine(builder -> builder).start(request);
    cut.await(PATIENCE);
    try {
      inTheHold.run();
    } finally {
      cut.release();
    }
    return operation.result().toCompletableFuture().join();
  }

  SnapshotResult take(SnapshotRequest request) {
    return machine.take(request);
  }

  @Override
  public void close() {
    machine.agent.close();
    machine.monitor.close();
    agentProxy.close();
    monitorProxy.close();
    guest.close();
  }
}
