package dev.stillpoint.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.backends.GuestFreeze;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the commands that speak to an agent alone have in common. */
abstract class AgentCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--qga",
      required = true,
      paramLabel = "EP",
      converter = EndpointText.class,
      description = "the guest's agent")
  private Endpoint qga = Endpoint.tcp("localhost", 1);

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "5s",
      converter = DurationText.class,
      description = "how long to wait for the agent's answers (${DEFAULT-VALUE})")
  private Duration timeout = Duration.ofSeconds(5);

  @Option(
      names = {"-o", "--output"},
      paramLabel = "text|json",
      defaultValue = "text",
      description = "how to tell the result (${DEFAULT-VALUE})")
  private OutputFormat output = OutputFormat.TEXT;

  final Endpoint agent() {
    return qga;
  }

  /** Takes the machine's lock and connects to its agent. */
  final GuestFreeze connect(Duration patience, String what, Journal journal) {
    return GuestFreeze.connect(qga, patience, what, journal);
  }

  final Duration timeout() {
    return timeout;
  }

  /** Tells a result on standard output. */
  final void tell(ObjectNode json, String text) {
    PrintWriter out = command().commandLine().getOut();
    out.println(output == OutputFormat.JSON ? json : text);
    out.flush();
  }

  /** Tells a failure: in words on standard error, and as the JSON object where that was asked. */
  final int failed(Failure failure, String guest, int code) {
    if (output == OutputFormat.JSON) {
      ObjectNode json = ResultJson.object().put("guest", guest);
      json.set("error", ResultJson.of(failure));
      tell(json, "");
    }
    warn(failure.message());
    return code;
  }

  final void warn(String message) {
    Plain.warn(command().commandLine(), message);
  }

  private CommandSpec command() {
    return Objects.requireNonNull(spec, "picocli fills the specification in");
  }
}
