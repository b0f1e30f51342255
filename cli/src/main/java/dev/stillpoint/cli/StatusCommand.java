package dev.stillpoint.cli;

import dev.stillpoint.backends.GuestFreeze;
import dev.stillpoint.core.snapshot.SnapshotException;
import picocli.CommandLine.Command;

/** {@code stillpoint status}. */
@Command(
    name = "status",
    description = "Asks the agent whether the guest is frozen. It knows only its own freeze.",
    footer = {
      "",
      "While another stillpoint works on this machine, that one is named and the exit code is 1:",
      "the agent's connection is taken."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class StatusCommand extends AgentCommand {
  @Override
  public Integer call() {
    try {
      String status = GuestFreeze.statusOf(agent(), timeout());
      tell(ResultJson.object().put("guest", status), status);
      return ExitCode.DONE;
    } catch (SnapshotException e) {
      return failed(e.failure(), "unknown", ExitCode.FAILED);
    }
  }
}
