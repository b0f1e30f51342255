package dev.stillpoint.backends;

import dev.stillpoint.backends.disks.MachineDisks;
import dev.stillpoint.backends.guard.GuardedPauser;
import dev.stillpoint.backends.guard.GuardedQuiescer;
import dev.stillpoint.backends.guard.Guards;
import dev.stillpoint.backends.guard.OperationGuard;
import dev.stillpoint.backends.guest.GuestQuiescer;
import dev.stillpoint.backends.guest.MonitorPauser;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.journal.StateDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.backends.qemu.QemuWay;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotListener;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Takes snapshots of one running QEMU machine, over its monitor and its guest agent. The clients
 * stay the caller's: they must be open while an operation runs, and are closed by the caller. Only
 * where the guest may be frozen at the end, the agent's is closed here: the connection has passed
 * to the guard, which pursues the thaw.
 */
public final class SnapshotEngine {
  private final Parts parts;
  private final List<Endpoint> endpoints;
  private final Journal journal;

  private SnapshotEngine(Parts parts, List<Endpoint> endpoints, Journal journal) {
    this.parts = parts;
    this.endpoints = List.copyOf(endpoints);
    this.journal = journal;
  }

  /** An engine to be put together; the monitor is required. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Begins a snapshot and returns at once. The operation holds the machine's lock for its whole
   * life; where another operation has it, of this process or another, the result is a failure with
   * {@link dev.stillpoint.core.snapshot.ErrorCode#BUSY} that names it, and the guest was not
   * touched. Where an earlier operation on this machine did not end, the result's warnings name it;
   * {@link Recovery} ends it.
   *
   * @return the operation; its result completes always, and tells failures too
   */
  public SnapshotOperation start(SnapshotRequest request) {
    String id = SnapshotCoordinator.newOperationId();
    MachineLock lock;
    try {
      lock = MachineLock.take(endpoints, id, "snapshot " + request.name().text());
      lock.takeQemu(parts.monitor().peerPid());
      parts.agent().map(QgaClient::peerPid).ifPresent(lock::takeQemu);
    } catch (SnapshotException e) {
      return LockedOperation.refused(id, request.name(), e.failure());
    }
    try {
      var earlier = EarlierOperations.in(journal);
      Optional<OperationGuard> guard = parts.guard(id, request);
      var known = new Acquaintance(parts.identity());
      return LockedOperation.begun(
          parts.coordinator(guard, known).start(id, request),
          lock,
          result ->
              GuardWord.in(earlier.on(known.machine).toldIn(parts.told(result, guard)), guard));
    } catch (RuntimeException | Error e) {
      lock.close();
      throw e;
    }
  }

  /** Puts an engine together. Not safe for use by several threads. */
  public static final class Builder {
    private @Nullable QmpClient monitor;
    private @Nullable QgaClient agent;
    private Journal journal = JournalDirectory.in(StateDirectory.standard());
    private @Nullable Guards guards = Guards.fresh();
    private @Nullable Quiescer quiescer;
    private @Nullable QemuWay way;
    private boolean passFiles;
    private SnapshotListener listener = SnapshotListener.none();

    private Builder() {}

    /** The machine's monitor. */
    public Builder monitor(QmpClient client) {
      monitor = client;
      return this;
    }

    /** The guest's agent; without one only unquiesced snapshots are possible. */
    public Builder agent(QgaClient client) {
      agent = client;
      quiescer = null;
      return this;
    }

    /** Why there is no agent to speak to; told as the reason where a snapshot goes on without. */
    public Builder noAgent(Failure why) {
      agent = null;
      quiescer =
          (order, deadline) -> CompletableFuture.completedFuture(new QuiesceCheck.Unavailable(why));
      return this;
    }

    /** How QEMU shall cut; the best that it can where nothing is said. */
    public Builder qemuWay(QemuWay chosen) {
      way = chosen;
      return this;
    }

    /**
     * Hands the overlays to QEMU open ({@code add-fd}), for one that may open no path itself. The
     * monitor must be a unix socket of QEMU's own, and the way {@link QemuWay#PREPARED}; otherwise
     * the result is a failure with {@link dev.stillpoint.core.snapshot.ErrorCode#BAD_REQUEST}, and
     * nothing was made.
     */
    public Builder passFiles() {
      passFiles = true;
      return this;
    }

    /**
     * Where the operation is written down, so that somebody else can finish it; without this, in
     * {@link StateDirectory#standard()}.
     */
    public Builder journal(Journal where) {
      journal = where;
      return this;
    }

    /**
     * Without a guard: should this process be killed or stopped while it owes a thaw or a resume,
     * nobody does that until {@link Recovery} runs.
     */
    public Builder withoutGuard() {
      guards = null;
      return this;
    }

    /**
     * Where the guards of operations come from; without a word, {@link Guards#fresh()}. They stay
     * the caller's to close.
     */
    public Builder guards(Guards from) {
      guards = from;
      return this;
    }

    /** Who hears of progress. */
    public Builder listener(SnapshotListener who) {
      listener = who;
      return this;
    }

    /**
     * The engine.
     *
     * @throws NullPointerException without a monitor
     */
    public SnapshotEngine build() {
      QmpClient known = Objects.requireNonNull(monitor, "an engine needs a monitor");
      Optional<QgaClient> client = Optional.ofNullable(agent);
      List<Endpoint> endpoints = new ArrayList<>(List.of(known.endpoint()));
      client.map(QgaClient::endpoint).ifPresent(endpoints::add);
      var parts =
          new Parts(
              known,
              client,
              Optional.ofNullable(quiescer),
              Optional.ofNullable(way),
              passFiles,
              listener,
              journal,
              Optional.ofNullable(guards));
      return new SnapshotEngine(parts, endpoints, journal);
    }
  }

  /** What an engine is made of, from which each operation gets a coordinator of its own. */
  private record Parts(
      QmpClient monitor,
      Optional<QgaClient> agent,
      Optional<Quiescer> quiescer,
      Optional<QemuWay> way,
      boolean passFiles,
      SnapshotListener listener,
      Journal journal,
      Optional<Guards> guards) {

    Optional<OperationGuard> guard(String id, SnapshotRequest request) {
      if (request.dryRun()) {
        return Optional.empty();
      }
      Optional<Path> file =
          journal instanceof JournalDirectory kept
              ? Optional.of(kept.fileOf(id))
              : Optional.empty();
      String what = "snapshot " + request.name().text();
      return guards.map(from -> new OperationGuard(from, id, what, file));
    }

    MachineIdentity identity() {
      return MachineLook.atFirst(monitor, agent.map(QgaClient::endpoint));
    }

    /**
     * A coordinator for one operation.
     *
     * @param known gets to know which machine it is
     */
    SnapshotCoordinator coordinator(Optional<OperationGuard> guard, Acquaintance known) {
      var overlays = new QemuOverlays(monitor, way);
      var coordinator =
          SnapshotCoordinator.builder()
              .locator(new MachineDisks(monitor))
              .method(passFiles ? overlays.passingFiles() : overlays)
              .installedMethods(Services.none().with(QmpClient.class, monitor))
              .pauser(pauser(guard))
              .journal(journal)
              .machine(deadline -> identify(deadline, known))
              .listener(listener);
      agent
          .<Quiescer>map(client -> quiescer(client, guard))
          .or(() -> quiescer)
          .ifPresent(coordinator::quiescer);
      return coordinator.build();
    }

    private CompletionStage<MachineIdentity> identify(Deadline deadline, Acquaintance known) {
      return MachineLook.identify(monitor, agent.map(QgaClient::endpoint), deadline)
          .thenApply(found -> {
            known.machine = found;
            return found;
          });
    }

    private Pauser pauser(Optional<OperationGuard> guard) {
      var plain = new MonitorPauser(monitor);
      return guard.isPresent() && GuardedPauser.canGuard(monitor)
          ? new GuardedPauser(plain, monitor, guard.get())
          : plain;
    }

    /** Tells of a pause that nobody would have ended in our place. */
    SnapshotResult told(SnapshotResult result, Optional<OperationGuard> guard) {
      if (guard.isEmpty() || result.paused().isZero() || GuardedPauser.canGuard(monitor)) {
        return result;
      }
      List<String> warnings = new ArrayList<>(result.warnings());
      warnings.add(GuardedPauser.unguarded(monitor));
      return result.withWarnings(warnings);
    }

    private Quiescer quiescer(QgaClient client, Optional<OperationGuard> guard) {
      var plain = new GuestQuiescer(client, Optional.of(monitor));
      return guard.isPresent() ? new GuardedQuiescer(plain, client, guard.get()) : plain;
    }
  }

  /** What an operation knows of its machine by now. */
  private static final class Acquaintance {
    private volatile MachineIdentity machine;

    Acquaintance(MachineIdentity atFirst) {
      machine = atFirst;
    }
  }
}
