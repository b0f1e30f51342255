package dev.stillpoint.cli;

import dev.stillpoint.backends.lock.LockOwner;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.QgaOptions;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.wirelog.WireLog;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.IntSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which machine a command works on, and which of its disks. */
final class MachineOptions {
  /** Why there is no agent where none was named. */
  static final Failure NO_AGENT =
      Failure.of(ErrorCode.AGENT_UNAVAILABLE, "no guest agent was named; name one with --qga");

  @Option(
      names = "--qmp",
      paramLabel = "EP",
      converter = EndpointText.class,
      description = "the machine's monitor; without it each --disk is a path, of no machine")
  private @Nullable Endpoint qmp;

  @Option(
      names = "--qga",
      paramLabel = "EP",
      converter = EndpointText.class,
      description = "the guest's agent")
  private @Nullable Endpoint qga;

  @Option(
      names = "--disk",
      paramLabel = "DISK[,method=M][,overlay=PATH][,KEY=VALUE...]",
      converter = DiskText.class,
      description =
          "a disk: qdev id, block device name, node name or image path, its method, and what that"
              + " has to know; ',,' is a comma; all writable disks where none is named")
  private List<SelectedDisk> disks = new ArrayList<>();

  @Mixin private WireLogOption wireLog = new WireLogOption();
  private Optional<WireLog> log = Optional.empty();

  /** Does work whose connections write to the log of the wire, where one is named. */
  int logged(CommandLine command, IntSupplier work) {
    log = wireLog.open(command);
    try {
      return work.getAsInt();
    } finally {
      log.ifPresent(open -> WireLogOption.close(open, command));
    }
  }

  List<SelectedDisk> disks() {
    return List.copyOf(disks);
  }

  /** Whether a monitor was named. */
  boolean hasMonitor() {
    return qmp != null;
  }

  /**
   * Connects to the monitor and waits for it; a failure says who has the machine, if anybody.
   *
   * @throws IllegalStateException when none was named
   */
  QmpClient connectMonitor(Duration patience) {
    Endpoint named = qmp;
    if (named == null) {
      throw new IllegalStateException("no monitor was named");
    }
    try {
      QmpOptions plain = QmpOptions.defaults().withConnectTimeout(patience);
      return QmpClient.connect(named, log.map(plain::withWireLog).orElse(plain)).join();
    } catch (CompletionException e) {
      throw new SnapshotException(
          busy().orElseGet(() -> SnapshotException.failureOf(e, ErrorCode.MONITOR_UNAVAILABLE)), e);
    }
  }

  /** Begins to connect to the agent; empty when none was named. */
  Optional<CompletableFuture<QgaClient>> connectAgent(Duration patience) {
    QgaOptions plain = QgaOptions.defaults().withConnectTimeout(patience);
    return Optional.ofNullable(qga)
        .map(named -> QgaClient.connect(named, log.map(plain::withWireLog).orElse(plain)));
  }

  /** Who else works on the machine now, as the reason to leave it alone. */
  Optional<Failure> busy() {
    List<Endpoint> machine = Stream.of(qmp, qga).filter(Objects::nonNull).toList();
    return MachineLock.owner(machine).map(LockOwner::refusal);
  }
}
