package dev.stillpoint.cli;

import dev.stillpoint.backends.GuestFreeze;
import dev.stillpoint.backends.guard.GuardContact;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.spi.Deadline;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code stillpoint thaw}. Whoever calls it believes that the guest may be frozen, so every way in
 * which it fails is exit 3: nothing has shown that the guest is safe. That holds for a machine that
 * another operation has too: the thaw is that one's to do, through its guard where it has one.
 */
@Command(
    name = "thaw",
    description = "Thaws a guest, whoever froze it, and proves that it is thawed.",
    footer = {
      "",
      "While another stillpoint holds this guest, that one is named and asked to thaw it now: a",
      "'freeze --for' ends early, a snapshot goes on to its thaw, and a guard that is at it already",
      "is awaited. If another stillpoint works on the machine and cannot be asked, as it has frozen",
      "nothing yet or has no guard, it is named, and the exit code is 3. If that process hangs, end",
      "it and thaw again."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false)
final class ThawCommand extends AgentCommand {
  /** An operation that ends without a freeze leaves the machine to us, once. */
  private static final int ROUNDS = 2;

  /** How long a guard may take to say who it is. */
  private static final Duration ASK = Duration.ofSeconds(2);

  @Option(
      names = "--thaw-bound",
      paramLabel = "DURATION",
      defaultValue = "30s",
      converter = DurationText.class,
      description = "how long to pursue it (${DEFAULT-VALUE})")
  private Duration thawBound = Duration.ofSeconds(30);

  @Override
  public Integer call() {
    Deadline until = Deadline.after(thawBound);
    Optional<SnapshotException> busy = Optional.empty();
    for (int round = 0; round < ROUNDS; round++) {
      // An agent may sit behind another client's turn: waiting for it is part of the pursuit.
      try (GuestFreeze guest = GuestFreeze.connectToThaw(agent(), until.remaining())) {
        guest.thaw(until.remaining()).warnings().forEach(this::warn);
        return thawed("thawed", "thawed");
      } catch (SnapshotException e) {
        if (e.failure().code() != ErrorCode.BUSY) {
          return failed(e.failure(), "maybe-frozen", ExitCode.MAY_BE_FROZEN);
        }
        busy = Optional.of(e);
      }
      Optional<GuardContact> guard = GuardContact.of(List.of(agent()));
      if (guard.isEmpty()) {
        break;
      }
      Optional<Integer> code = through(guard.get(), until.remaining());
      if (code.isPresent()) {
        return code.get();
      }
    }
    return failed(busy.orElseThrow().failure(), "maybe-frozen", ExitCode.MAY_BE_FROZEN);
  }

  /** Asks the guard of whoever has the machine; empty when nothing was owed there. */
  private Optional<Integer> through(GuardContact guard, Duration bound) {
    guard.state(ASK).ifPresent(state -> warn(state.toString()));
    Optional<String> how = guard.thaw(bound);
    if (how.isEmpty()) {
      return Optional.of(
          notThawed(
              "whoever has the machine did not prove a thaw within "
                  + thawBound.toSeconds()
                  + " s"));
    }
    return switch (how.get()) {
      case "thawed" -> Optional.of(thawed("thawed", "thawed"));
      case "gone" -> Optional.of(thawed("gone", "the machine has ended, and its freeze with it"));
      case "released" -> Optional.empty();
      default -> Optional.of(notThawed("the guard " + how.get()));
    };
  }

  private int notThawed(String why) {
    return failed(
        Failure.of(ErrorCode.THAW_NOT_PROVED, "the guest may be frozen: " + why),
        "maybe-frozen",
        ExitCode.MAY_BE_FROZEN);
  }

  private int thawed(String guest, String text) {
    tell(ResultJson.object().put("guest", guest), text);
    return ExitCode.DONE;
  }
}
