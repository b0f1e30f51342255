package dev.stillpoint.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.backends.Diagnosis;
import dev.stillpoint.backends.Doctor;
import dev.stillpoint.backends.guest.Volume;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.qga.QgaClient;
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
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code stillpoint doctor}: would a quiesced snapshot work, and what would it cover? */
@Command(
    name = "doctor",
    description =
        "Tells whether a quiesced snapshot of this machine would work and what it would cover."
            + " Changes nothing, but for --try-freeze.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class DoctorCommand implements Callable<Integer> {
  /** How long a trial of a freeze may take to end, when a signal comes in the middle of it. */
  private static final Duration TRIAL_BOUND = Duration.ofSeconds(90);

  @Spec private @Nullable CommandSpec spec;

  @Mixin private MachineOptions machine = new MachineOptions();

  @Option(
      names = "--try-freeze",
      description = "freeze the guest and thaw it at once, to see how long that takes")
  private boolean tryFreeze;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "5s",
      converter = DurationText.class,
      description = "how long to wait for a connection (${DEFAULT-VALUE})")
  private Duration timeout = Duration.ofSeconds(5);

  @Option(
      names = {"-o", "--output"},
      paramLabel = "text|json",
      defaultValue = "text",
      description = "how to tell the findings (${DEFAULT-VALUE})")
  private OutputFormat output = OutputFormat.TEXT;

  @Override
  public Integer call() {
    if (!machine.hasMonitor()) {
      throw new ParameterException(command().commandLine(), "Missing required option: '--qmp=EP'");
    }
    return machine.logged(
        command().commandLine(), () -> Interruptible.run(TRIAL_BOUND, this::examine));
  }

  private int examine(Interruptible guarded) {
    try {
      Optional<Failure> busy = machine.busy();
      if (busy.isPresent()) {
        throw new SnapshotException(busy.get());
      }
      try (QmpClient monitor = machine.connectMonitor(timeout)) {
        return tell(examine(guarded, monitor));
      }
    } catch (SnapshotException e) {
      Plain.warn(command().commandLine(), e.failure().message());
      return e.failure().code() == ErrorCode.THAW_NOT_PROVED
          ? ExitCode.MAY_BE_FROZEN
          : ExitCode.FAILED;
    }
  }

  private Diagnosis examine(Interruptible guarded, QmpClient monitor) {
    Optional<CompletableFuture<QgaClient>> connecting = machine.connectAgent(timeout);
    if (connecting.isEmpty()) {
      return Doctor.examine(monitor, machine.disks(), MachineOptions.NO_AGENT);
    }
    QgaClient agent;
    try {
      agent = connecting.get().join();
    } catch (CompletionException e) {
      return Doctor.examine(
          monitor, machine.disks(), SnapshotException.failureOf(e, ErrorCode.AGENT_UNAVAILABLE));
    }
    try (agent) {
      boolean mayFreeze = tryFreeze && guarded.begin();
      return Doctor.examine(monitor, machine.disks(), agent, mayFreeze);
    }
  }

  private int tell(Diagnosis found) {
    PrintWriter out = command().commandLine().getOut();
    if (output == OutputFormat.JSON) {
      out.println(json(found));
    } else {
      text(found).forEach(out::println);
    }
    out.flush();
    return found.wouldWork() ? ExitCode.DONE : ExitCode.FAILED;
  }

  private static List<String> text(Diagnosis found) {
    List<String> lines = new ArrayList<>();
    lines.add("QEMU " + found.qemu() + ", the machine is " + found.machine());
    lines.add(
        "guest agent "
            + found.agent().orElse("none")
            + found.status().map(word -> ", the guest is " + word).orElse("")
            + found.system().map(name -> ", " + name).orElse(""));
    found.disks().forEach(disk -> lines.add("  disk " + disk + " would be cut"));
    for (Volume volume : found.volumes()) {
      lines.add(
          "  file system "
              + volume.mountpoint()
              + " ("
              + volume.type()
              + ") on "
              + (volume.disks().isEmpty()
                  ? "a disk that is not known"
                  : String.join(", ", volume.disks()))
              + (volume.freezes() ? "" : ", cannot freeze"));
    }
    found.notCovered().forEach(what -> lines.add("not covered: " + what));
    found.warnings().forEach(what -> lines.add("warning: " + what));
    found
        .freezeTook()
        .ifPresent(took ->
            lines.add(
                "a freeze took "
                    + ResultText.millis(took)
                    + found
                        .heldFor()
                        .map(held -> ", and the guest stood still for " + ResultText.millis(held))
                        .orElse("")));
    found.obstacles().forEach(failure -> lines.add("in the way: " + failure.message()));
    lines.add(
        found.wouldWork()
            ? "A quiesced snapshot of this machine would work."
            : "A quiesced snapshot of this machine would NOT work.");
    lines.replaceAll(Plain::line);
    return lines;
  }

  private static ObjectNode json(Diagnosis found) {
    ObjectNode json = ResultJson.object();
    json.put("wouldWork", found.wouldWork());
    json.put("qemu", found.qemu());
    json.put("machine", found.machine());
    json.put("agent", found.agent().orElse(null));
    json.put("system", found.system().orElse(null));
    json.put("guest", found.status().orElse(null));
    json.set("disks", ResultJson.texts(found.disks()));
    ArrayNode volumes = json.putArray("fileSystems");
    for (Volume volume : found.volumes()) {
      ObjectNode one =
          volumes
              .addObject()
              .put("mountpoint", volume.mountpoint())
              .put("type", volume.type())
              .put("freezes", volume.freezes());
      one.set("disks", ResultJson.texts(volume.disks().stream().sorted().toList()));
    }
    json.set("notCovered", ResultJson.texts(found.notCovered()));
    json.set("warnings", ResultJson.texts(found.warnings()));
    ArrayNode obstacles = json.putArray("obstacles");
    found.obstacles().forEach(failure -> obstacles.add(ResultJson.of(failure)));
    ResultJson.millis(json, "freezeMs", found.freezeTook());
    ResultJson.millis(json, "frozenMs", found.heldFor());
    return json;
  }

  private CommandSpec command() {
    return Objects.requireNonNull(spec, "picocli fills the specification in");
  }
}
