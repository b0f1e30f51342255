package dev.stillpoint.cli;

import dev.stillpoint.backends.DescribedOperation;
import dev.stillpoint.backends.DescribedSnapshot;
import dev.stillpoint.backends.DiskSnapshots;
import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.disks.DescribedDisk;
import dev.stillpoint.backends.qemu.QemuWay;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.FreezeScope;
import dev.stillpoint.core.snapshot.LateCut;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Pausing;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotOperation;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.QgaOptions;
import dev.stillpoint.qmp.QmpClient;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code stillpoint snapshot}. */
@Command(
    name = "snapshot",
    description = "Freezes the guest, cuts its disks at one instant, and thaws it.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class SnapshotCommand implements Callable<Integer> {
  /** How much longer than an operation may take we wait for it, when a signal asks us to end. */
  private static final Duration MARGIN = Duration.ofSeconds(5);

  private static final Failure INTERRUPTED =
      Failure.of(ErrorCode.CANCELLED, "interrupted before anything was begun");

  @Spec private @Nullable CommandSpec spec;

  @Mixin private MachineOptions machine = new MachineOptions();

  @Mixin private DiskXmlOptions xml = new DiskXmlOptions();

  @Option(
      names = "--name",
      required = true,
      paramLabel = "NAME",
      converter = NameText.class,
      description = "the snapshot's name: letters, digits, '.', '_', '-'")
  private SnapshotName name = new SnapshotName("unnamed");

  @Option(
      names = "--quiesce",
      paramLabel = "require|prefer|never",
      defaultValue = "require",
      description =
          "what to do if the guest cannot freeze: fail, go on, or do not ask (${DEFAULT-VALUE})")
  private Quiesce quiesce = Quiesce.REQUIRE;

  @Option(
      names = "--mountpoint",
      paramLabel = "DIR",
      description = "freeze only this file system of the guest; may be repeated")
  private List<String> mountpoints = new ArrayList<>();

  @Option(
      names = "--exclude-mountpoint",
      paramLabel = "DIR",
      description = "leave this file system of the guest unfrozen; may be repeated")
  private List<String> excluded = new ArrayList<>();

  @Option(
      names = "--freeze-scope",
      paramLabel = "all|disks",
      converter = ScopeText.class,
      description =
          "freeze all file systems, or only those on the disks of this snapshot (all); each costs"
              + " the guest some 36 ms")
  private FreezeScope scope = FreezeScope.everything();

  @Option(
      names = "--freeze-window",
      paramLabel = "DURATION",
      defaultValue = "5s",
      converter = DurationText.class,
      description = "from freeze written to thaw written, at most (${DEFAULT-VALUE})")
  private Duration freezeWindow = SnapshotRequest.DEFAULT_FREEZE_WINDOW;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "30s",
      converter = DurationText.class,
      description = "for everything up to the first report (${DEFAULT-VALUE})")
  private Duration timeout = SnapshotRequest.DEFAULT_TIMEOUT;

  @Option(
      names = "--thaw-bound",
      paramLabel = "DURATION",
      defaultValue = "30s",
      converter = DurationText.class,
      description = "how long a thaw is pursued after that, before exit 3 (${DEFAULT-VALUE})")
  private Duration thawBound = SnapshotRequest.DEFAULT_THAW_BOUND;

  @Option(
      names = "--late-cut",
      paramLabel = "undo|adopt",
      defaultValue = "undo",
      description = "what to do with a cut that came after the freeze window (${DEFAULT-VALUE})")
  private LateCut lateCut = LateCut.UNDO;

  @Option(
      names = "--no-pause",
      description =
          "never pause the machine; disks that are not cut at one instant have no consistency then")
  private boolean noPause;

  @Option(
      names = "--qemu-way",
      paramLabel = "prepared|sync-existing|sync-absolute",
      converter = WayText.class,
      description = "how QEMU makes the overlays; the shortest hold it can where nothing is said")
  private @Nullable QemuWay way;

  @Option(
      names = "--pass-fds",
      description =
          "hand the overlays to QEMU open, for one that may open no path itself; over a unix socket")
  private boolean passFds;

  @Mixin private StateOption state = new StateOption();

  @Option(names = "--dry-run", description = "prepare and rehearse, then remove everything again")
  private boolean dryRun;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "text|json",
      defaultValue = "text",
      description = "how to tell the result (${DEFAULT-VALUE})")
  private OutputFormat output = OutputFormat.TEXT;

  @Override
  public Integer call() {
    SnapshotRequest request = request();
    List<DescribedDisk> described = xml.read(commandLine());
    Duration bound = request.longest().plus(MARGIN);
    Optional<Failure> busy = machine.busy();
    if (busy.isPresent()) {
      // At once: the other one holds the connections, where we would only queue.
      return tell(SnapshotResult.notBegun(name, busy.get()));
    }
    return machine.logged(
        commandLine(),
        () -> Interruptible.run(bound, guarded -> connectAndRun(guarded, request, described)));
  }

  private SnapshotRequest request() {
    if (!machine.disks().isEmpty() && !xml.isEmpty()) {
      throw new ParameterException(
          commandLine(), "disks are named by --disk or described by --disk-xml, and not both");
    }
    if (!machine.hasMonitor() && machine.disks().isEmpty() && xml.isEmpty()) {
      throw new ParameterException(
          commandLine(),
          "name the machine's monitor with --qmp, or bare disks with --disk or --disk-xml");
    }
    try {
      return new SnapshotRequest(
          name,
          machine.disks(),
          quiesce,
          scope(),
          freezeWindow,
          timeout,
          thawBound,
          lateCut,
          noPause ? Pausing.FORBIDDEN : Pausing.ALLOWED,
          dryRun);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(commandLine(), e.getMessage());
    }
  }

  private FreezeScope scope() {
    FreezeScope chosen = mountpoints.isEmpty() ? scope : FreezeScope.mountpoints(mountpoints);
    return new FreezeScope(chosen.extent(), excluded);
  }

  private int connectAndRun(
      Interruptible guarded, SnapshotRequest request, List<DescribedDisk> described) {
    // The agent first: it may sleep for a tenth of a second, and the monitor is asked meanwhile.
    Optional<CompletableFuture<QgaClient>> agent =
        quiesce == Quiesce.NEVER ? Optional.empty() : machine.connectAgent(patience());
    try (Connected monitor = connected()) {
      var engine = SnapshotEngine.builder().listener(this::progress).journal(state.journal());
      monitor.client().ifPresent(engine::monitor);
      if (way != null) {
        engine.qemuWay(way);
      }
      if (passFds) {
        engine.passFiles();
      }
      agent.ifPresentOrElse(
          connecting -> addAgent(engine, connecting),
          () -> engine.noAgent(MachineOptions.NO_AGENT));
      return guarded.begin()
          ? run(guarded, begin(engine.build(), request, described))
          : tell(SnapshotResult.notBegun(name, INTERRUPTED));
    } catch (SnapshotException e) {
      return tell(SnapshotResult.notBegun(name, e.failure()));
    } finally {
      agent.ifPresent(SnapshotCommand::close);
    }
  }

  /** The monitor's client; none where the disks are bare. */
  private record Connected(Optional<QmpClient> client) implements AutoCloseable {
    @Override
    public void close() {
      client.ifPresent(QmpClient::close);
    }
  }

  private Connected connected() {
    return new Connected(
        machine.hasMonitor() ? Optional.of(machine.connectMonitor(patience())) : Optional.empty());
  }

  private static void close(CompletableFuture<QgaClient> connecting) {
    var unused = connecting.thenAccept(QgaClient::close);
  }

  private static void addAgent(
      SnapshotEngine.Builder engine, CompletableFuture<QgaClient> connecting) {
    try {
      engine.agent(connecting.join());
    } catch (CompletionException e) {
      engine.noAgent(SnapshotException.failureOf(e, ErrorCode.AGENT_UNAVAILABLE));
    }
  }

  private static Supplier<DescribedOperation> begin(
      SnapshotEngine engine, SnapshotRequest request, List<DescribedDisk> described) {
    return () -> {
      if (!described.isEmpty()) {
        return DiskSnapshots.start(engine, described, request);
      }
      SnapshotOperation operation = engine.start(request);
      return new DescribedOperation(
          operation, operation.result().thenApply(DescribedSnapshot::plain));
    };
  }

  /** From its first line on a freeze may be written, so that any accident here is exit 3. */
  private int run(Interruptible guarded, Supplier<DescribedOperation> begin) {
    DescribedSnapshot told;
    try {
      DescribedOperation begun = begin.get();
      SnapshotOperation operation = begun.operation();
      guarded.whenAsked(operation::requestCancel);
      // On a thread of its own: the one that completes this pursues the thaw, and a terminal that
      // is held must not hold it.
      var unused =
          operation
              .overdue()
              .thenAcceptAsync(
                  failure -> warn(failure.message()),
                  report -> Thread.ofPlatform().daemon().start(report));
      told = begun.result().toCompletableFuture().join();
    } catch (Throwable accident) {
      warn("the guest may be frozen or paused: " + accident);
      return ExitCode.MAY_BE_FROZEN;
    }
    guarded.settled(ExitCode.of(told.result()));
    return tell(told);
  }

  /** A connect takes no longer than a client's default, and never longer than all may take. */
  private Duration patience() {
    Duration usual = QgaOptions.DEFAULT_TIMEOUT;
    return timeout.compareTo(usual) < 0 ? timeout : usual;
  }

  private int tell(SnapshotResult result) {
    return tell(DescribedSnapshot.plain(result));
  }

  private int tell(DescribedSnapshot told) {
    SnapshotResult result = told.result();
    CommandLine command = commandLine();
    if (output == OutputFormat.JSON) {
      print(command.getOut(), ResultJson.of(told) + System.lineSeparator());
      result.error().ifPresent(failure -> warn(failure.message()));
    } else {
      boolean done = result.outcome() == Outcome.SUCCEEDED;
      print(done ? command.getOut() : command.getErr(), ResultText.of(told));
    }
    return ExitCode.of(result);
  }

  private static void print(PrintWriter to, String text) {
    to.print(text);
    to.flush();
  }

  private void progress(String state) {
    if (System.getenv("STILLPOINT_PROGRESS") != null) {
      warn(state);
    }
  }

  private void warn(String message) {
    Plain.warn(commandLine(), message);
  }

  private CommandLine commandLine() {
    return Objects.requireNonNull(spec, "picocli fills the specification in").commandLine();
  }

  /** Where a freeze scope begins. */
  static final class ScopeText implements ITypeConverter<FreezeScope> {
    @Override
    public FreezeScope convert(String value) {
      return switch (value) {
        case "all" -> FreezeScope.everything();
        case "disks" -> FreezeScope.chosenDisks();
        default -> throw new TypeConversionException("'" + value + "' is none of all, disks");
      };
    }
  }

  /** A way of QEMU, or the reason why it is none. */
  static final class WayText implements ITypeConverter<QemuWay> {
    @Override
    public QemuWay convert(String value) {
      try {
        return QemuWay.parse(value);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }
}
