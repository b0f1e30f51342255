package dev.stillpoint.backends.guest;

import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qga.command.QgaCommand;
import dev.stillpoint.qga.qapi.GuestAgentInfo;
import dev.stillpoint.qga.qapi.GuestFilesystemInfo;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatus;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatusResult;
import dev.stillpoint.qga.qapi.GuestGetFsinfo;
import dev.stillpoint.qga.qapi.GuestGetHostName;
import dev.stillpoint.qga.qapi.GuestGetOsinfo;
import dev.stillpoint.qga.qapi.GuestHostName;
import dev.stillpoint.qga.qapi.GuestInfo;
import dev.stillpoint.qga.qapi.GuestIpAddress;
import dev.stillpoint.qga.qapi.GuestNetworkGetInterfaces;
import dev.stillpoint.qga.qapi.GuestNetworkInterface;
import dev.stillpoint.qga.qapi.GuestOSInfo;
import dev.stillpoint.qmp.error.CommandException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;

/** Asks an agent about itself and its guest: one question after the other, each waited for. */
final class GuestSurveyor {
  /** An agent that does not answer within this time is not there. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** The shortest time that a question is given, so that a passed deadline still sends it. */
  private static final Duration LEAST = Duration.ofMillis(100);

  private final QgaClient client;
  private final Deadline deadline;

  GuestSurveyor(QgaClient client, Deadline deadline) {
    this.client = client;
    this.deadline = deadline;
  }

  /**
   * The whole survey. While its guest is frozen an agent answers little, so that nothing more is
   * asked then.
   *
   * @param withAddresses whether to ask for the guest's own network addresses
   */
  GuestSurvey survey(boolean withAddresses) {
    join(client.synchronise(deadline.orAfter(PATIENCE).remaining()));
    GuestFsfreezeStatusResult status = ask(new GuestFsfreezeStatus());
    GuestAgentInfo agent = ask(new GuestInfo());
    if (!status.equals(GuestFsfreezeStatusResult.THAWED)) {
      return new GuestSurvey(status, agent, Optional.empty(), Optional.empty(), Set.of());
    }
    Optional<GuestOSInfo> os = askIfKnown(agent, new GuestGetOsinfo());
    Optional<List<GuestFilesystemInfo>> fileSystems = askIfKnown(agent, new GuestGetFsinfo());
    return new GuestSurvey(
        status, agent, os, fileSystems, withAddresses ? addresses(agent) : Set.of());
  }

  private Set<String> addresses(GuestAgentInfo agent) {
    Set<String> known = new HashSet<>();
    askIfKnown(agent, new GuestGetHostName())
        .map(GuestHostName::hostName)
        .ifPresent(name -> known.add(name.toLowerCase(Locale.ROOT)));
    for (GuestNetworkInterface one :
        askIfKnown(agent, new GuestNetworkGetInterfaces()).orElse(List.of())) {
      List<GuestIpAddress> addresses = one.ipAddresses();
      if (addresses != null && !one.name().equals("lo")) {
        addresses.forEach(address -> known.add(address.ipAddress().toLowerCase(Locale.ROOT)));
      }
    }
    return known;
  }

  /** Empty where the agent does not know the command, or answers with an error. */
  private <R> Optional<R> askIfKnown(GuestAgentInfo agent, QgaCommand<R> command) {
    if (!GuestSurvey.supports(agent, command.command())) {
      return Optional.empty();
    }
    try {
      return Optional.of(ask(command));
    } catch (CommandException.Refused refused) {
      return Optional.empty();
    }
  }

  private <R> R ask(QgaCommand<R> command) {
    Duration left = deadline.orAfter(PATIENCE).remaining();
    return join(client.execute(command, left.compareTo(LEAST) < 0 ? LEAST : left));
  }

  private static <R> R join(java.util.concurrent.CompletableFuture<R> reply) {
    try {
      return reply.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof CommandException known) {
        throw known;
      }
      throw e;
    }
  }
}
