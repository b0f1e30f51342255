package dev.stillpoint.backends.journal;

import java.nio.file.Path;
import java.util.Map;

/** Where the state lies that must outlive a process. */
public final class StateDirectory {
  private static final Path SYSTEM = Path.of("/var/lib/stillpoint");

  private StateDirectory() {}

  /**
   * The directory that is used where none is named: {@code /var/lib/stillpoint} for root, else
   * {@code stillpoint} under {@code $XDG_STATE_HOME}, else {@code ~/.local/state/stillpoint}. It is
   * made, with mode 0700, when something is written to it.
   */
  public static Path standard() {
    return standard(
        System.getProperty("user.name"), System.getProperty("user.home"), System.getenv());
  }

  static Path standard(String user, String home, Map<String, String> environment) {
    if (user.equals("root")) {
      return SYSTEM;
    }
    String state = environment.getOrDefault("XDG_STATE_HOME", "");
    // The specification: a path that is not absolute is to be ignored.
    return state.startsWith("/")
        ? Path.of(state, "stillpoint")
        : Path.of(home, ".local", "state", "stillpoint");
  }
}
