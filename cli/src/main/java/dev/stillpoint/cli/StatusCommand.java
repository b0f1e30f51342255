package dev.stillpoint.cli;

import dev.stillpoint.backends.GuestFreeze;
import dev.stillpoint.core.snapshot.SnapshotException;
import picocli.CommandLine.Command;

/** {@code stillpoint status}. */
@Command(
    name = "status",
    description = "Asks the agent whether the guest is frozen. It knows only its own freeze.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class StatusCommand extends AgentCommand {
  @Override
  public Integer call() {
    try (GuestFreeze guest = connect(timeout())) {
      String status = guest.status(timeout());
      tell(ResultJson.object().put("guest", status), status);
      return ExitCode.DONE;
    } catch (SnapshotException e) {
      return failed(e.failure(), "unknown", ExitCode.FAILED);
    }
  }
}
