package dev.stillpoint.it;

import dev.stillpoint.backends.guest.GuestQuiescer;
import dev.stillpoint.backends.guest.MonitorPauser;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.core.spi.MethodTraits;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.guest.AgentSafety;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Another process that embeds the coordinator: a snapshot by two methods, which are one instant
 * only while the machine is paused. Both are QEMU's own here, each with a transaction to itself.
 */
final class TwoMethodSnapshot {
  private TwoMethodSnapshot() {}

  static Process start(Path qmp, Path qga, Path state, Path first, Path second) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            TwoMethodSnapshot.class.getName(),
            qmp.toString(),
            AgentSafety.require(qga).toString(),
            state.toString(),
            first.toString(),
            second.toString())
        .inheritIO()
        .start();
  }

  public static void main(String[] args) {
    try (QmpClient monitor = QmpClient.connect(Endpoint.unix(Path.of(args[0]))).join();
        QgaClient agent = QgaClient.connect(Endpoint.unix(Path.of(args[1]))).join()) {
      var overlays = new QemuOverlays(monitor, Optional.empty());
      var machine =
          new MachineIdentity(
              Optional.of(MachineLock.nameOf(monitor.endpoint())),
              Optional.of(MachineLock.nameOf(agent.endpoint())),
              ProcessIdentity.of(monitor.peerPid().getAsLong()).map(ProcessIdentity::toString),
              Optional.empty());
      var result =
          SnapshotCoordinator.builder()
              .method(overlays)
              .method(new Second(overlays))
              .quiescer(new GuestQuiescer(agent, Optional.of(monitor)))
              .pauser(new MonitorPauser(monitor))
              .journal(JournalDirectory.in(Path.of(args[2])))
              .machine(deadline -> CompletableFuture.completedFuture(machine))
              .build()
              .start(
                  SnapshotRequest.named("killed")
                      .disk(args[3])
                      .disk(args[4], Second.NAME)
                      // Where the freeze is required and whole, nobody is paused.
                      .quiesce(Quiesce.PREFER)
                      .freezeWindow(Duration.ofSeconds(60))
                      .timeout(Duration.ofSeconds(120)))
              .result()
              .toCompletableFuture()
              .join();
      System.out.println("it was not killed: " + result);
    }
  }

  /** The same method by another name, with other names for what it makes. */
  private record Second(QemuOverlays overlays) implements SnapshotMethod {
    static final String NAME = "second";

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public MethodTraits traits() {
      return overlays.traits();
    }

    @Override
    public CompletionStage<Cut> check(CutOrder order, Deadline deadline) {
      return overlays.check(
          new CutOrder(order.operationId() + "b", order.name(), List.copyOf(order.disks())),
          deadline);
    }
  }
}
