package dev.stillpoint.backends.guest;

import dev.stillpoint.backends.process.ProcessIdentity;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.core.spi.MachineStatus.Kind;
import dev.stillpoint.core.spi.Pauser;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.command.QmpCommand;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.qapi.Cont;
import dev.stillpoint.qmp.qapi.MigrationInfo;
import dev.stillpoint.qmp.qapi.MigrationStatus;
import dev.stillpoint.qmp.qapi.QueryMigrate;
import dev.stillpoint.qmp.qapi.QueryStatus;
import dev.stillpoint.qmp.qapi.RunState;
import dev.stillpoint.qmp.qapi.StatusInfo;
import dev.stillpoint.qmp.qapi.Stop;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;

/** Pauses a machine through its monitor ({@code stop}, {@code cont}, {@code query-status}). */
public final class MonitorPauser implements Pauser {
  private static final Set<RunState> UNFIT =
      Set.of(
          RunState.INMIGRATE,
          RunState.FINISH_MIGRATE,
          RunState.POSTMIGRATE,
          RunState.SAVE_VM,
          RunState.RESTORE_VM,
          RunState.COLO);
  private static final Set<MigrationStatus> MIGRATION_OVER =
      Set.of(
          MigrationStatus.NONE,
          MigrationStatus.COMPLETED,
          MigrationStatus.FAILED,
          MigrationStatus.CANCELLED);

  private final Line monitor;
  private final Optional<QmpClient> client;

  /** The machine behind the connection, where it is told. */
  private final Optional<ProcessIdentity> qemu;

  private final AtomicBoolean standing = new AtomicBoolean();
  private volatile boolean resumedByOthers;

  /** A pauser over a connection, which stays the caller's to close. */
  public MonitorPauser(QmpClient client) {
    this(client::execute, Optional.of(client));
  }

  /** One that knows of no connection, and so of no other one in its place. */
  MonitorPauser(Line monitor) {
    this(monitor, Optional.empty());
  }

  private MonitorPauser(Line monitor, Optional<QmpClient> client) {
    this.monitor = monitor;
    this.client = client;
    // Asked for now: a connection that has ended does not tell any more.
    OptionalLong pid = client.map(QmpClient::peerPid).orElseGet(OptionalLong::empty);
    this.qemu = pid.isPresent() ? ProcessIdentity.ofQemu(pid.getAsLong()) : Optional.empty();
  }

  /** What asks the monitor. */
  @FunctionalInterface
  interface Line {
    <R> CompletableFuture<R> execute(QmpCommand<R> command, Duration timeout);
  }

  @Override
  public CompletionStage<MachineStatus> status(Deadline deadline) {
    return monitor
        .execute(new QueryStatus(), deadline.remaining())
        .thenCombine(
            monitor.execute(new QueryMigrate(), deadline.remaining()), MonitorPauser::judged)
        .exceptionally(MonitorPauser::withoutMachine);
  }

  private static MachineStatus judged(StatusInfo status, MigrationInfo migration) {
    MigrationStatus migrating = migration.status();
    if (migrating != null && !MIGRATION_OVER.contains(migrating)) {
      return new MachineStatus(Kind.UNFIT, "a migration is " + migrating);
    }
    if (UNFIT.contains(status.status())) {
      return new MachineStatus(Kind.UNFIT, status.status().value());
    }
    return new MachineStatus(
        status.running() ? Kind.RUNNING : Kind.PAUSED, status.status().value());
  }

  /** A storage daemon has disks and a monitor, but no machine that could stand still. */
  private static MachineStatus withoutMachine(Throwable thrown) {
    if (AgentFreezer.cause(thrown) instanceof CommandException.Refused refused
        && refused.errorClass().equals("CommandNotFound")) {
      return new MachineStatus(Kind.RUNNING, "a storage daemon");
    }
    throw new SnapshotException(
        Failure.of(
            ErrorCode.MONITOR_UNAVAILABLE,
            "the monitor did not tell the machine's state: "
                + AgentFreezer.cause(thrown).getMessage()),
        thrown);
  }

  @Override
  public CompletionStage<Void> prepare(Deadline deadline) {
    PauseRehearsal.once();
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public CompletionStage<Void> pause(Deadline deadline) {
    resumedByOthers = false;
    standing.set(true);
    return change(monitor, new Stop(), false, ErrorCode.PAUSE_FAILED, deadline);
  }

  /**
   * Also over another connection, where the first has ended meanwhile: what QEMU had not begun of
   * that one has gone with it. A machine that has ended stands still no more.
   */
  @Override
  public CompletionStage<Void> resume(Deadline deadline) {
    Optional<QmpClient> ended = client.filter(one -> !one.isOpen());
    if (ended.isEmpty()) {
      if (standing.getAndSet(false)) {
        // Nobody waits for it: it is on its way with the command.
        var unused =
            monitor.execute(new QueryStatus(), deadline.remaining()).thenAccept(this::look);
      }
      return resume(monitor, deadline);
    }
    return qemu.filter(process -> !process.isAlive()).isPresent()
        ? CompletableFuture.completedFuture(null)
        : resumeAnew(ended.get().endpoint(), deadline);
  }

  private void look(StatusInfo status) {
    resumedByOthers = status.running();
  }

  @Override
  public Optional<String> doubt() {
    return resumedByOthers
        ? Optional.of("somebody else resumed the machine before it was to be resumed")
        : Optional.empty();
  }

  private static CompletionStage<Void> resume(Line monitor, Deadline deadline) {
    return change(monitor, new Cont(), true, ErrorCode.RESUME_NOT_PROVED, deadline);
  }

  private static CompletionStage<Void> resumeAnew(Endpoint endpoint, Deadline deadline) {
    QmpOptions patient = QmpOptions.defaults().withConnectTimeout(deadline.remaining());
    return QmpClient.connect(endpoint, patient)
        .thenCompose(fresh ->
            resume(fresh::execute, deadline).whenComplete((done, thrown) -> fresh.close()));
  }

  private static CompletionStage<Void> change(
      Line monitor, QmpCommand<Void> command, boolean run, ErrorCode otherwise, Deadline deadline) {
    return monitor
        .execute(command, deadline.remaining())
        .thenCompose(done -> monitor.execute(new QueryStatus(), deadline.remaining()))
        .thenCompose(status ->
            status.running() == run
                ? CompletableFuture.<Void>completedFuture(null)
                : CompletableFuture.failedFuture(
                    new SnapshotException(
                        Failure.of(otherwise, "the machine is " + status.status()))));
  }
}
