package dev.stillpoint.backends.guest;

import dev.stillpoint.qga.command.AgentInfo;
import dev.stillpoint.qga.command.FileSystem;
import dev.stillpoint.qga.command.OsInfo;
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
    String status,
    AgentInfo agent,
    Optional<OsInfo> os,
    Optional<List<FileSystem>> fileSystems,
    Set<String> addresses) {
  private static final String WINDOWS = "mswindows";

  /** Whether freezing is done by VSS, whose writers hold for ten seconds. */
  boolean isWindows() {
    return os.map(OsInfo::id).filter(WINDOWS::equals).isPresent();
  }
}
