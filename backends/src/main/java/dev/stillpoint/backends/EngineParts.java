package dev.stillpoint.backends;

import dev.stillpoint.backends.disks.BareDisks;
import dev.stillpoint.backends.disks.MachineDisks;
import dev.stillpoint.backends.guard.GuardedPauser;
import dev.stillpoint.backends.guard.GuardedQuiescer;
import dev.stillpoint.backends.guard.Guards;
import dev.stillpoint.backends.guard.OperationGuard;
import dev.stillpoint.backends.guest.GuestQuiescer;
import dev.stillpoint.backends.guest.MonitorPauser;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.backends.qemu.QemuWay;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.SnapshotListener;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.DiskLocator;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * What an engine is made of, from which each operation gets a coordinator of its own.
 *
 * @param monitor empty for bare disks
 * @param quiescer instead of one over the agent
 * @param methods the caller's own, beside those that are installed
 */
record EngineParts(
    Optional<QmpClient> monitor,
    Optional<QgaClient> agent,
    Optional<Quiescer> quiescer,
    Optional<QemuWay> way,
    boolean passFiles,
    List<SnapshotMethod> methods,
    Services services,
    SnapshotListener listener,
    Journal journal,
    Optional<Guards> guards) {

  /** Takes the locks of everything that an operation works on, or none. */
  MachineLock lock(String id, SnapshotRequest request) {
    List<Endpoint> endpoints = new ArrayList<>();
    monitor.map(QmpClient::endpoint).ifPresent(endpoints::add);
    agent.map(QgaClient::endpoint).ifPresent(endpoints::add);
    MachineLock lock = MachineLock.take(endpoints, id, "snapshot " + request.name().text());
    monitor.map(QmpClient::peerPid).ifPresent(lock::takeQemu);
    agent.map(QgaClient::peerPid).ifPresent(lock::takeQemu);
    if (monitor.isEmpty()) {
      lock.takeDisks(request.disks().stream().map(SelectedDisk::name).toList());
    }
    return lock;
  }

  Optional<OperationGuard> guard(String id, SnapshotRequest request) {
    if (request.dryRun()) {
      return Optional.empty();
    }
    Optional<Path> file =
        journal instanceof JournalDirectory kept ? Optional.of(kept.fileOf(id)) : Optional.empty();
    String what = "snapshot " + request.name().text();
    return guards.map(from -> new OperationGuard(from, id, what, file));
  }

  MachineIdentity identity() {
    return monitor
        .map(known -> MachineLook.atFirst(known, agent.map(QgaClient::endpoint)))
        .or(() -> agent.map(known -> MachineLook.ofAgent(known.endpoint(), known.peerPid())))
        .orElseGet(MachineIdentity::unknown);
  }

  /** Who knows the disks where they are asked for by their names, or not at all. */
  DiskLocator locator() {
    return monitor.isPresent() ? new MachineDisks(monitor.get()) : new BareDisks();
  }

  /**
   * A coordinator for one operation.
   *
   * @param known gets to know which machine it is
   * @param locator knows its disks
   */
  SnapshotCoordinator coordinator(
      Optional<OperationGuard> guard, Acquaintance known, DiskLocator locator) {
    var coordinator =
        SnapshotCoordinator.builder().locator(locator).journal(journal).listener(listener);
    monitor.ifPresent(client -> {
      var overlays = new QemuOverlays(client, way);
      coordinator
          .method(passFiles ? overlays.passingFiles() : overlays)
          .pauser(pauser(client, guard))
          .machine(deadline -> identify(client, deadline, known));
    });
    methods.forEach(coordinator::method);
    coordinator.installedMethods(handed());
    agent
        .<Quiescer>map(client -> quiescer(client, guard))
        .or(() -> quiescer)
        .ifPresent(coordinator::quiescer);
    if (monitor.isEmpty()) {
      coordinator.method(QemuOverlays.withoutMachine());
      coordinator.machine(deadline -> CompletableFuture.completedFuture(known.machine()));
    }
    return coordinator.build();
  }

  /** What is handed to the methods. */
  private Services handed() {
    Services all = services;
    if (monitor.isPresent()) {
      all = all.with(QmpClient.class, monitor.get());
    }
    return agent.isPresent() ? all.with(QgaClient.class, agent.get()) : all;
  }

  private CompletionStage<MachineIdentity> identify(
      QmpClient client, Deadline deadline, Acquaintance known) {
    return MachineLook.identify(client, agent.map(QgaClient::endpoint), deadline)
        .thenApply(known::with);
  }

  private static Pauser pauser(QmpClient client, Optional<OperationGuard> guard) {
    var plain = new MonitorPauser(client);
    return guard.isPresent() && GuardedPauser.canGuard(client)
        ? new GuardedPauser(plain, client, guard.get())
        : plain;
  }

  /** Tells of a pause that nobody would have ended in our place. */
  SnapshotResult told(SnapshotResult result, Optional<OperationGuard> guard) {
    if (guard.isEmpty()
        || result.paused().isZero()
        || monitor.filter(GuardedPauser::canGuard).isPresent()) {
      return result;
    }
    List<String> warnings = new ArrayList<>(result.warnings());
    monitor.map(GuardedPauser::unguarded).ifPresent(warnings::add);
    return result.withWarnings(warnings);
  }

  private Quiescer quiescer(QgaClient client, Optional<OperationGuard> guard) {
    var plain = new GuestQuiescer(client, monitor);
    return guard.isPresent() ? new GuardedQuiescer(plain, client, guard.get()) : plain;
  }

  /** What an operation knows of its machine by now. */
  static final class Acquaintance {
    private volatile MachineIdentity machine;

    Acquaintance(MachineIdentity atFirst) {
      machine = atFirst;
    }

    MachineIdentity machine() {
      return machine;
    }

    MachineIdentity with(MachineIdentity found) {
      machine = found;
      return found;
    }
  }
}
