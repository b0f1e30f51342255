package dev.stillpoint.cli;

import dev.stillpoint.backends.layers.LayerFinder;
import dev.stillpoint.core.disk.Layers;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stillpoint layers}: what lies under a disk, and which methods could cut it where. */
@Command(
    name = "layers",
    description =
        "Tells what lies under a disk, from its image down to the device, and which methods could"
            + " cut it at which layer. Only reads.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class LayersCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Parameters(
      paramLabel = "DISK",
      description =
          "an image file or a block device; with --qmp a disk of that machine: qdev id, block device"
              + " name, node name or image path")
  private String disk = "";

  @Option(
      names = "--qmp",
      paramLabel = "EP",
      converter = EndpointText.class,
      description = "the monitor of the machine whose disk it is")
  private @Nullable Endpoint qmp;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "5s",
      converter = DurationText.class,
      description = "how long to wait for the monitor (${DEFAULT-VALUE})")
  private Duration timeout = Duration.ofSeconds(5);

  @Option(
      names = {"-o", "--output"},
      paramLabel = "text|json",
      defaultValue = "text",
      description = "how to tell the layers (${DEFAULT-VALUE})")
  private OutputFormat output = OutputFormat.TEXT;

  @Override
  public Integer call() {
    try {
      return tell(qmp == null ? LayerFinder.under(disk) : ofMachine(qmp));
    } catch (SnapshotException e) {
      Plain.warn(command().commandLine(), e.failure().message());
      return ExitCode.FAILED;
    }
  }

  private Layers ofMachine(Endpoint monitor) {
    QmpOptions options = QmpOptions.defaults().withConnectTimeout(timeout);
    try (QmpClient client = MonitorConnection.open(monitor, options)) {
      return LayerFinder.under(client, disk, Deadline.after(timeout));
    }
  }

  private int tell(Layers found) {
    PrintWriter out = command().commandLine().getOut();
    if (output == OutputFormat.JSON) {
      out.println(LayersJson.of(found));
    } else {
      LayersText.lines(found).forEach(out::println);
    }
    out.flush();
    found.troubles().forEach(what -> Plain.warn(command().commandLine(), what));
    return found.troubles().isEmpty() ? ExitCode.DONE : ExitCode.FAILED;
  }

  private CommandSpec command() {
    return Objects.requireNonNull(spec, "picocli fills the specification in");
  }
}
