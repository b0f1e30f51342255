package dev.stillpoint.cli;

import dev.stillpoint.backends.GuestFreeze;
import dev.stillpoint.backends.guard.GuardContact;
import dev.stillpoint.backends.guard.GuardState;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

/** {@code stillpoint status}. */
@Command(
    name = "status",
    description = "Asks the agent whether the guest is frozen. It knows only its own freeze.",
    footer = {
      "",
      "While another stillpoint holds this guest, the agent's connection is taken, and its guard",
      "tells: who holds it, or that the guard itself pursues the thaw, and since when. One that has",
      "frozen nothing yet is named, and the exit code is 1."
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
      Optional<GuardState> held =
          e.failure().code() == ErrorCode.BUSY
              ? GuardContact.of(List.of(agent())).flatMap(guard -> guard.state(timeout()))
              : Optional.empty();
      return held.isPresent() ? tell(held.get()) : failed(e.failure(), "unknown", ExitCode.FAILED);
    }
  }

  private int tell(GuardState held) {
    tell(
        ResultJson.object()
            .put("guest", "maybe-frozen")
            .put("operation", held.operation())
            .put("what", held.what())
            .put("phase", ResultJson.word(held.phase()))
            .put("owed", held.owed())
            .put("owner", held.owner().pid())
            .put("guard", held.guard().pid())
            .put("since", held.since().toString()),
        "maybe-frozen: " + held);
    return ExitCode.DONE;
  }
}
