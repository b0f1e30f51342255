package dev.stillpoint.cli;

import dev.stillpoint.backends.GuestFreeze;
import dev.stillpoint.core.snapshot.SnapshotException;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code stillpoint thaw}. Whoever calls it believes that the guest may be frozen, so every way in
 * which it fails is exit 3: nothing has shown that the guest is safe. That holds for a machine that
 * another operation has too: the thaw is that one's to do, and it may not have done it yet.
 */
@Command(
    name = "thaw",
    description = "Thaws a guest, whoever froze it, and proves that it is thawed.",
    footer = {
      "",
      "While another stillpoint works on this machine, nothing is sent: that one thaws the guest",
      "when it ends. It is named, and the exit code is 3, because the guest may be frozen until",
      "then. If that process hangs, end it and thaw again."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ThawCommand extends AgentCommand {
  @Option(
      names = "--thaw-bound",
      paramLabel = "DURATION",
      defaultValue = "30s",
      converter = DurationText.class,
      description = "how long to pursue it (${DEFAULT-VALUE})")
  private Duration thawBound = Duration.ofSeconds(30);

  @Override
  public Integer call() {
    // An agent may sit behind another client's turn: waiting for it is part of the pursuit.
    try (GuestFreeze guest = GuestFreeze.connectToThaw(agent(), thawBound)) {
      guest.thaw(thawBound).warnings().forEach(this::warn);
      tell(ResultJson.object().put("guest", "thawed"), "thawed");
      return ExitCode.DONE;
    } catch (SnapshotException e) {
      return failed(e.failure(), "maybe-frozen", ExitCode.MAY_BE_FROZEN);
    }
  }
}
