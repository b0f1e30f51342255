package dev.stillpoint.backends.guest;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.FreezeScope;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.FreezePace;
import dev.stillpoint.core.spi.Freezer;
import dev.stillpoint.core.spi.QuiesceCheck;
import dev.stillpoint.core.spi.QuiesceOrder;
import dev.stillpoint.core.spi.Quiescer;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.qapi.GuestAgentInfo;
import dev.stillpoint.qga.qapi.GuestFilesystemInfo;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatusResult;
import dev.stillpoint.qga.qapi.GuestOSInfo;
import dev.stillpoint.qmp.QmpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Quiesces a guest through its agent ({@code guest-fsfreeze-freeze} and its like). Before anything
 * is frozen it finds out whether that would work, and what it would and would not cover.
 */
public final class GuestQuiescer implements Quiescer {
  /** VSS gives its writers this long to come to rest. */
  public static final Duration WINDOWS_FREEZE = Duration.ofSeconds(60);

  /** And they hold for ten seconds; what is cut later than this may not have been held. */
  static final Duration WINDOWS_HOLD = Duration.ofSeconds(9);

  private static final String FREEZE = "guest-fsfreeze-freeze";
  private static final String FREEZE_LIST = "guest-fsfreeze-freeze-list";

  /** How long a question to the monitor about the agent's port may take. */
  private static final Duration MONITOR_PATIENCE = Duration.ofSeconds(2);

  private static final ExecutorService WORKERS =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().name("stillpoint-guest-", 0).daemon().factory());

  private final QgaClient client;
  private final Optional<QmpClient> monitor;

  /**
   * A quiescer over a connection, which stays the caller's to close.
   *
   * @param monitor tells whether the agent is there and when it leaves; without one that is known
   *     only by its silence
   */
  public GuestQuiescer(QgaClient client, Optional<QmpClient> monitor) {
    this.client = client;
    this.monitor = monitor;
  }

  @Override
  public CompletionStage<QuiesceCheck> check(QuiesceOrder order, Deadline deadline) {
    return presence()
        .thenApplyAsync(presence -> judged(order, presence, deadline), WORKERS)
        .exceptionally(thrown ->
            new QuiesceCheck.Unavailable(
                SnapshotException.failureOf(thrown, ErrorCode.AGENT_UNAVAILABLE)));
  }

  /**
   * What an agent tells of itself and its guest.
   *
   * @param agent its version
   * @param system the operating system, where the agent tells
   * @param status {@code thawed} or {@code frozen}
   * @param volumes empty while the guest is frozen, and where the agent does not tell
   */
  public record Examination(
      String agent, Optional<String> system, String status, List<Volume> volumes) {}

  /**
   * Asks the agent what it tells of its guest; changes nothing.
   *
   * @return exceptionally with what the agent's client failed with
   */
  public CompletionStage<Examination> examine(QuiesceOrder order, Deadline deadline) {
    return CompletableFuture.supplyAsync(
        () -> examination(order, new GuestSurveyor(client, deadline).survey(false)), WORKERS);
  }

  private static Examination examination(QuiesceOrder order, GuestSurvey survey) {
    List<GuestFilesystemInfo> known = survey.fileSystems().orElse(List.of());
    var coverage = new Coverage(known, order);
    return new Examination(
        survey.agent().version(),
        survey.os().map(GuestOSInfo::prettyName),
        survey.status().value(),
        known.stream()
            .map(one ->
                new Volume(
                    one.mountpoint(),
                    one.type(),
                    coverage.match(one).on(),
                    Coverage.canFreeze(one)))
            .toList());
  }

  private CompletableFuture<Optional<AgentPresence>> presence() {
    return monitor
        .map(known -> AgentPresence.watch(known, client.endpoint(), MONITOR_PATIENCE))
        .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty()));
  }

  private QuiesceCheck judged(
      QuiesceOrder order, Optional<AgentPresence> presence, Deadline deadline) {
    QuiesceCheck check = new QuiesceCheck.Unavailable(noAgent());
    try {
      if (presence.isEmpty() || presence.get().isOpen()) {
        boolean remote = order.disks().stream().anyMatch(disk -> !disk.storageHosts().isEmpty());
        check = judged(order, new GuestSurveyor(client, deadline).survey(remote), presence);
      }
      return check;
    } finally {
      if (!(check instanceof QuiesceCheck.Ready)) {
        presence.ifPresent(AgentPresence::close);
      }
    }
  }

  static Failure noAgent() {
    return Failure.of(
        ErrorCode.AGENT_UNAVAILABLE,
        "no guest agent runs: nothing in the guest has the agent's port open");
  }

  private QuiesceCheck judged(
      QuiesceOrder order, GuestSurvey survey, Optional<AgentPresence> presence) {
    if (!survey.status().equals(GuestFsfreezeStatusResult.THAWED)) {
      return new QuiesceCheck.Refused(alreadyFrozen());
    }
    Optional<Failure> circle = servedByItself(order.disks(), survey);
    if (circle.isPresent()) {
      return new QuiesceCheck.Refused(circle.get());
    }
    Optional<FreezePlan> plan;
    if (survey.fileSystems().isPresent()) {
      var coverage = new Coverage(survey.fileSystems().get(), order);
      Optional<String> unknown = coverage.unknownMountpoint();
      if (unknown.isPresent()) {
        return new QuiesceCheck.Refused(Failure.of(ErrorCode.BAD_REQUEST, unknown.get()));
      }
      // VSS counts sets of volumes.
      plan = coverage.plan().map(p -> survey.isWindows() ? p.withoutCount() : p);
    } else if (isEverything(order.scope())) {
      plan =
          Optional.of(
              FreezePlan.everything(
                  List.of("the agent does not tell which file systems there are")));
    } else {
      return unavailable("the agent does not tell which file systems there are");
    }
    if (plan.isEmpty()) {
      return unavailable("no file system is left to freeze");
    }
    Optional<String> missing = missing(survey.agent(), plan.get());
    return missing.isPresent() ? unavailable(missing.get()) : ready(plan.get(), survey, presence);
  }

  static Failure alreadyFrozen() {
    return Failure.of(
        ErrorCode.ALREADY_FROZEN,
        "the guest is frozen already, by somebody else; 'stillpoint thaw' would thaw it");
  }

  private static boolean isEverything(FreezeScope scope) {
    return scope.extent() instanceof FreezeScope.Everything && scope.excluded().isEmpty();
  }

  /** A guest that serves the storage of its own disks would wait for itself once it is frozen. */
  static Optional<Failure> servedByItself(List<CutDisk> disks, GuestSurvey survey) {
    for (CutDisk disk : disks) {
      for (String host : disk.storageHosts()) {
        if (survey.addresses().contains(host)) {
          return Optional.of(
              Failure.ofDisk(
                  ErrorCode.DISK_UNSUITABLE,
                  "the disk '"
                      + disk.name()
                      + "' or its overlay lies on "
                      + host
                      + ", which is this very guest: frozen, it could not serve itself",
                  disk.name()));
        }
      }
    }
    return Optional.empty();
  }

  static Optional<String> missing(GuestAgentInfo agent, FreezePlan plan) {
    for (String needed :
        List.of(
            plan.mountpoints().isEmpty() ? FREEZE : FREEZE_LIST,
            "guest-fsfreeze-thaw",
            "guest-fsfreeze-status")) {
      if (!GuestSurvey.supports(agent, needed)) {
        return Optional.of(
            "the guest agent " + agent.version() + " does not allow the command " + needed);
      }
    }
    return Optional.empty();
  }

  private QuiesceCheck ready(
      FreezePlan plan, GuestSurvey survey, Optional<AgentPresence> presence) {
    var warnings = new ArrayList<>(plan.warnings());
    Optional<FreezePace> pace = Optional.empty();
    if (survey.isWindows()) {
      pace = Optional.of(new FreezePace(WINDOWS_FREEZE, WINDOWS_HOLD));
      warnings.add(
          "a Windows guest may take "
              + WINDOWS_FREEZE.toSeconds()
              + " s to freeze; the timeout must allow for that");
    }
    FreezeRehearsal.once();
    var freezer = new AgentFreezer(AgentLine.of(client), plan, survey.isWindows(), presence);
    return new QuiesceCheck.Ready(freezer, plan.notCovered(), warnings, plan.everyWriter(), pace);
  }

  /** A freezer for all file systems, without any check before it. */
  public Freezer freezer() {
    FreezeRehearsal.once();
    return new AgentFreezer(
        AgentLine.of(client), FreezePlan.everything(List.of()), false, Optional.empty());
  }

  private static QuiesceCheck unavailable(String why) {
    return new QuiesceCheck.Unavailable(Failure.of(ErrorCode.AGENT_UNAVAILABLE, why));
  }
}
