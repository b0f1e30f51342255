package dev.stillpoint.cli;

import dev.stillpoint.backends.GuestFreeze;
import dev.stillpoint.core.snapshot.SnapshotException;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code stillpoint thaw}. Whoever calls it believes that the guest may be frozen, so every way in
 * which it fails is exit 3: nothing has shown that the guest is safe.
 */
@Command(
    name = "thaw",
    description = "Thaws a guest, whoever froze it, and proves that it is thawed.",
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
    try (GuestFreeze guest = connect(thawBound)) {
      guest.thaw(thawBound).warnings().forEach(this::warn);
      tell(ResultJson.object().put("guest", "thawed"), "thawed");
      return ExitCode.DONE;
    } catch (SnapshotException e) {
      return failed(e.failure(), "maybe-frozen", ExitCode.MAY_BE_FROZEN);
    }
  }
}
