package dev.stillpoint.cli;

import dev.stillpoint.backends.SnapshotStore;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Which disk a command looks at whose snapshots a storage keeps. */
final class StoredOptions {
  @Parameters(
      paramLabel = "DISK[,method=M][,KEY=VALUE...]",
      converter = DiskText.class,
      description =
          "a path, or with --qmp a disk of that machine: qdev id, block device name, node name or"
              + " image path; ',,' is a comma. Without a method: qemu for the path of an overlay of"
              + " its own, whatever that lies on, else the one that would cut the disk")
  private SelectedDisk disk = SelectedDisk.named("");

  @Option(
      names = "--qmp",
      paramLabel = "EP",
      converter = EndpointText.class,
      description = "the monitor of the machine whose disk it is")
  private @Nullable Endpoint qmp;

  @Option(
      names = "--timeout",
      paramLabel = "DURATION",
      defaultValue = "60s",
      converter = DurationText.class,
      description = "how long it may take (${DEFAULT-VALUE})")
  private Duration timeout = Duration.ofSeconds(60);

  SelectedDisk disk() {
    return disk;
  }

  /**
   * Does something with the store of the disk.
   *
   * @throws SnapshotException when it fails, or the monitor cannot be reached
   */
  void with(BiConsumer<SnapshotStore, Deadline> action) {
    Deadline deadline = Deadline.after(timeout);
    Endpoint monitor = qmp;
    if (monitor == null) {
      action.accept(SnapshotStore.ofBareDisks(), deadline);
      return;
    }
    QmpOptions options = QmpOptions.defaults().withConnectTimeout(timeout);
    try (QmpClient client = MonitorConnection.open(monitor, options)) {
      action.accept(SnapshotStore.of(client), deadline);
    }
  }

  /**
   * Changes something, and tells it.
   *
   * @param action tells in lines what it has done
   * @return the exit code
   */
  int change(CommandLine command, BiFunction<SnapshotStore, Deadline, List<String>> action) {
    List<String> done = new ArrayList<>();
    try {
      with((store, deadline) -> done.addAll(action.apply(store, deadline)));
    } catch (SnapshotException e) {
      Plain.warn(command, e.failure().message());
      return ExitCode.FAILED;
    }
    done.forEach(line -> command.getOut().println(Plain.line(line)));
    command.getOut().flush();
    return ExitCode.DONE;
  }
}
