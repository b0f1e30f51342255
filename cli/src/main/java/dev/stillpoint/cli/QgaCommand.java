package dev.stillpoint.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.backends.lock.LockOwner;
import dev.stillpoint.backends.lock.MachineLock;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.QgaOptions;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.wirelog.WireLog;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code stillpoint qga}: one command of the agent, by its name. A freeze is refused: it would
 * outlive this process, and nobody would owe its thaw.
 */
@Command(
    name = "qga",
    description = {
      "Runs one command of the guest agent and prints its reply as JSON.",
      "A guest is frozen by 'stillpoint freeze --for': there is no detached freeze."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class QgaCommand implements Callable<Integer> {
  private static final String FREEZE = "guest-fsfreeze-freeze";
  private static final String THAW = "guest-fsfreeze-thaw";

  /** These end the agent's world, so that a success has no reply. */
  private static final Set<String> SILENT =
      Set.of("guest-shutdown", "guest-suspend-disk", "guest-suspend-ram", "guest-suspend-hybrid");

  @Spec private @Nullable CommandSpec spec;

  @Parameters(
      index = "0",
      paramLabel = "EP",
      converter = EndpointText.class,
      description = "the guest's agent")
  private Endpoint qga = Endpoint.tcp("localhost", 1);

  @Parameters(
      index = "1",
      paramLabel = "COMMAND",
      description = "such as guest-info, which lists them all")
  private String command = "";

  @Parameters(
      index = "2..*",
      paramLabel = "ARGUMENT",
      description = {
        "one JSON object, or key=value pairs; a value that reads as a JSON number, true, false,",
        "null, array or object is one, and all else is text"
      })
  private List<String> words = new ArrayList<>();

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "5s",
      converter = DurationText.class,
      description = "how long to wait for the agent, and then for its reply (${DEFAULT-VALUE})")
  private Duration timeout = Duration.ofSeconds(5);

  @Option(
      names = {"-o", "--output"},
      paramLabel = "text|json",
      defaultValue = "text",
      description = "text: JSON for people; json: on one line (${DEFAULT-VALUE})")
  private OutputFormat output = OutputFormat.TEXT;

  @Mixin private WireLogOption wireLog = new WireLogOption();

  @Override
  public Integer call() {
    ObjectNode arguments = checked();
    Optional<LockOwner> owner = MachineLock.owner(List.of(qga));
    if (owner.isPresent()) {
      return failed(new SnapshotException(owner.get().refusal()));
    }
    Optional<WireLog> log = wireLog.open(specification().commandLine());
    try {
      return run(arguments, log);
    } finally {
      log.ifPresent(open -> WireLogOption.close(open, specification().commandLine()));
    }
  }

  private int run(ObjectNode arguments, Optional<WireLog> log) {
    QgaOptions plain = QgaOptions.defaults().withConnectTimeout(timeout);
    QgaOptions options = log.map(plain::withWireLog).orElse(plain);
    try (QgaClient client = QgaClient.connect(qga, options).join()) {
      tell(client.execute(command, arguments, timeout).join());
      return ExitCode.DONE;
    } catch (CompletionException e) {
      return failed(e.getCause() == null ? e : e.getCause());
    }
  }

  private ObjectNode checked() {
    if (command.strip().startsWith(FREEZE)) {
      throw misuse(
          "a freeze by this command would outlive it, and there is no detached freeze; use"
              + " 'stillpoint freeze --for DURATION', which thaws");
    }
    try {
      return ArgumentsText.parse(words);
    } catch (IllegalArgumentException e) {
      throw misuse(String.valueOf(e.getMessage()));
    }
  }

  private void tell(JsonNode reply) {
    PrintWriter out = specification().commandLine().getOut();
    out.println(output == OutputFormat.JSON ? reply : reply.toPrettyString());
    out.flush();
  }

  /** Whoever thaws believes that the guest may be frozen, and no failure shows that it is not. */
  private int failed(Throwable failure) {
    CommandLine told = specification().commandLine();
    Plain.warn(told, String.valueOf(failure.getMessage()));
    if (SILENT.contains(command)) {
      Plain.warn(told, "on success this command has no reply; ask the monitor");
    }
    boolean thaw = command.equals(THAW);
    if (thaw) {
      Plain.warn(told, "THE GUEST MAY BE FROZEN; try 'stillpoint thaw'");
    }
    return thaw ? ExitCode.MAY_BE_FROZEN : ExitCode.FAILED;
  }

  private ParameterException misuse(String message) {
    return new ParameterException(specification().commandLine(), message);
  }

  private CommandSpec specification() {
    return Objects.requireNonNull(spec, "picocli fills the specification in");
  }
}
