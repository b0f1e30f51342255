package dev.stillpoint.backends;

import dev.stillpoint.backends.disks.MachineDisks;
import dev.stillpoint.backends.guard.Guards;
import dev.stillpoint.backends.guest.GuestQuiescer;
import dev.stillpoint.backends.guest.MonitorPauser;
import dev.stillpoint.backends.guest.Volume;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.journal.StateDirectory;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.backends.qemu.QemuOverlays;
import dev.stillpoint.core.coordinator.MethodSet;
import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.FreezeScope;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.DiskLocator;
import dev.stillpoint.core.spi.FreezeException;
import dev.stillpoint.core.spi.FreezeReport;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MachineStatus;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.ThawReport;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Examines a machine: asks everything that a snapshot would ask, and changes nothing. Blocks its
 * caller. Not safe for use by several threads.
 */
public final class Doctor {
  /** How long all questions to one of the two may take. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** How long a freeze that is only tried may take, and how long its thaw is pursued. */
  private static final Duration TRIAL = Duration.ofSeconds(30);

  private static final String NO_OPERATION = "00000000";

  private final QmpClient monitor;
  private final List<SelectedDisk> chosen;
  private final List<Failure> obstacles = new ArrayList<>();
  private final List<String> notCovered = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private List<CutDisk> disks = List.of();
  private String machine = "unknown";
  private Optional<GuestQuiescer.Examination> guest = Optional.empty();

  private Doctor(QmpClient monitor, List<SelectedDisk> chosen) {
    this.monitor = monitor;
    this.chosen = List.copyOf(chosen);
  }

  /**
   * Examines a machine and its guest.
   *
   * @param chosen the disks that a snapshot would cut; empty for every writable one
   * @param tryFreeze whether to freeze the guest and thaw it at once, to see how long that takes
   * @throws SnapshotException with {@link ErrorCode#THAW_NOT_PROVED} when a freeze was tried and
   *     the guest may be frozen
   */
  public static Diagnosis examine(
      QmpClient monitor, List<SelectedDisk> chosen, QgaClient agent, boolean tryFreeze) {
    return examine(monitor, chosen, agent, tryFreeze, Guards.fresh());
  }

  /**
   * The same with guards from elsewhere, for a freeze that is tried.
   *
   * @param guards stay the caller's to close
   */
  public static Diagnosis examine(
      QmpClient monitor,
      List<SelectedDisk> chosen,
      QgaClient agent,
      boolean tryFreeze,
      Guards guards) {
    var doctor = new Doctor(monitor, chosen);
    doctor.examineMachine();
    doctor.examineGuest(agent);
    Optional<Trial> trial =
        tryFreeze && doctor.obstacles.isEmpty()
            ? Optional.of(doctor.trial(agent, guards))
            : Optional.empty();
    return doctor.diagnosis(trial);
  }

  /** Examines a machine whose agent cannot be reached, or was not named. */
  public static Diagnosis examine(QmpClient monitor, List<SelectedDisk> chosen, Failure noAgent) {
    var doctor = new Doctor(monitor, chosen);
    doctor.examineMachine();
    doctor.obstacles.add(noAgent);
    return doctor.diagnosis(Optional.empty());
  }

  private void examineMachine() {
    try {
      MachineStatus status = joined(new MonitorPauser(monitor).status(Deadline.after(PATIENCE)));
      machine = status.detail();
      if (status.kind() != MachineStatus.Kind.RUNNING) {
        obstacles.add(
            Failure.of(ErrorCode.MACHINE_NOT_READY, "the machine does not run: " + machine));
      }
      examineDisks();
    } catch (SnapshotException e) {
      obstacles.add(e.failure());
    }
  }

  private void examineDisks() {
    Deadline deadline = Deadline.after(PATIENCE);
    DiskLocator.Located located = joined(new MachineDisks(monitor).locate(chosen, deadline));
    notCovered.addAll(located.notCovered());
    disks = located.disks().stream().map(LocatedDisk::guest).toList();
    var methods =
        MethodSet.installed(
            List.of(new QemuOverlays(monitor, Optional.empty())),
            Services.none().with(QmpClient.class, monitor));
    // A name that no file beside the images has.
    var name = new SnapshotName("doctor-" + SnapshotCoordinator.newOperationId());
    methods
        .grouped(located.disks())
        .forEach((method, group) -> {
          var order = new CutOrder(NO_OPERATION, name, group);
          Cut cut = joined(methods.require(method, group.get(0).name()).check(order, deadline));
          notCovered.addAll(cut.notCovered());
          warnings.addAll(cut.warnings());
        });
  }

  private void examineGuest(QgaClient agent) {
    var quiescer = new GuestQuiescer(agent, Optional.of(monitor));
    var order = new QuiesceOrder(FreezeScope.everything(), disks);
    try {
      switch (joined(quiescer.check(order, Deadline.after(PATIENCE)))) {
        case QuiesceCheck.Ready ready -> {
          ready.freezer().release();
          notCovered.addAll(ready.notCovered());
          warnings.addAll(ready.warnings());
        }
        case QuiesceCheck.Unavailable none -> obstacles.add(none.reason());
        case QuiesceCheck.Refused refused -> obstacles.add(refused.reason());
      }
      guest = Optional.of(joined(quiescer.examine(order, Deadline.after(PATIENCE))));
    } catch (SnapshotException e) {
      if (obstacles.isEmpty()) {
        obstacles.add(e.failure());
      }
    }
  }

  private Trial trial(QgaClient agent, Guards guards) {
    String id = SnapshotCoordinator.newOperationId();
    MachineLock lock =
        MachineLock.take(List.of(monitor.endpoint(), agent.endpoint()), id, "doctor");
    try {
      lock.takeQemu(agent.peerPid());
      return trial(agent, id, guards);
    } finally {
      lock.close();
    }
  }

  private Trial trial(QgaClient agent, String id, Guards guards) {
    Journal journal = JournalDirectory.in(StateDirectory.standard());
    GuestFreeze hand = GuestFreeze.over(agent, id, "doctor", journal, guards);
    try {
      hand.requireFreezable(PATIENCE);
      return tried(hand);
    } finally {
      var unused = hand.letGo();
    }
  }

  private Trial tried(GuestFreeze hand) {
    FreezeReport froze;
    try {
      froze = hand.freeze(TRIAL);
    } catch (FreezeException e) {
      if (e.writtenNanos().isPresent()) {
        hand.thaw(TRIAL);
      }
      throw e;
    }
    ThawReport thawed = hand.thaw(TRIAL);
    warnings.addAll(thawed.warnings());
    if (!thawed.freezeHeld()) {
      obstacles.add(Failure.of(ErrorCode.FREEZE_NOT_PROVED, String.join("; ", thawed.reasons())));
    }
    return new Trial(
        Duration.ofNanos(froze.repliedNanos() - froze.writtenNanos()),
        Duration.ofNanos(thawed.repliedNanos() - froze.writtenNanos()));
  }

  private record Trial(Duration freezeTook, Duration heldFor) {}

  private Diagnosis diagnosis(Optional<Trial> trial) {
    List<Volume> volumes = guest.map(GuestQuiescer.Examination::volumes).orElse(List.of());
    return new Diagnosis(
        monitor.greeting().version().toString(),
        machine,
        disks.stream().map(CutDisk::name).toList(),
        guest.map(GuestQuiescer.Examination::agent),
        guest.flatMap(GuestQuiescer.Examination::system),
        guest.map(GuestQuiescer.Examination::status),
        volumes,
        notCovered,
        warnings,
        obstacles,
        trial.map(Trial::freezeTook),
        trial.map(Trial::heldFor));
  }

  private static <T> T joined(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().join();
    } catch (CompletionException e) {
      throw new SnapshotException(SnapshotException.failureOf(e, ErrorCode.INTERNAL), e);
    }
  }
}
