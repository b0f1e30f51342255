package dev.stillpoint.backends.guest;

import dev.stillpoint.qga.qapi.GuestAgentInfo;
import dev.stillpoint.qga.qapi.GuestFilesystemInfo;
import dev.stillpoint.qga.qapi.GuestFsfreezeStatusResult;
import dev.stillpoint.qga.qapi.GuestOSInfo;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What the agent tells of itself and its guest, asked without changing anything.
 *
 * @param status {@code thawed} or {@code frozen}: the agent's own freeze only
 * @param fileSystems empty where the agent does not tell
 * @param addresses the guest's own network addresses and host name; asked for only where it matters
 */
record GuestSurvey(
    GuestFsfreezeStatusResult status,
    GuestAgentInfo agent,
    Optional<GuestOSInfo> os,
    Optional<List<GuestFilesystemInfo>> fileSystems,
    Set<String> addresses) {
  private static final String WINDOWS = "mswindows";

  /** Whether the agent knows a command and is allowed to run it. */
  static boolean supports(GuestAgentInfo agent, String command) {
    return agent.supportedCommands().stream()
        .anyMatch(known -> known.enabled() && known.name().equals(command));
  }

  /** Whether freezing is done by VSS, whose writers hold for ten seconds. */
  boolean isWindows() {
    return os.map(GuestOSInfo::id).filter(WINDOWS::equals).isPresent();
  }
}
