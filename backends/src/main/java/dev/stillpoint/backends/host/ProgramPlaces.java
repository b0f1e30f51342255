package dev.stillpoint.backends.host;

import dev.stillpoint.qmp.endpoint.Endpoint;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The machines whose programs are run, by what a caller calls them: nothing is this host, {@code
 * ssh:DESTINATION} one that ssh reaches, {@code qga:ENDPOINT} one with a guest agent. Safe for use
 * by several threads.
 */
public final class ProgramPlaces {
  /** The option of a disk that says where its storage's programs are run. */
  public static final String OPTION = "at";

  /** The option with the file that ssh reads in the place of the user's and the system's. */
  public static final String SSH_CONFIG = "ssh-config";

  /** Both. */
  public static final Set<String> OPTIONS = Set.of(OPTION, SSH_CONFIG);

  private static final String SSH = "ssh:";
  private static final String AGENT = "qga:";

  /** One for all that ask in this process: an agent serves one client, which they must share. */
  private static final Map<Map<String, String>, Programs> KNOWN = new ConcurrentHashMap<>();

  private ProgramPlaces() {}

  /**
   * The programs of the place that these options name.
   *
   * @param options those of a disk or of a snapshot; others are passed over
   * @throws IllegalArgumentException when they name no place; the message says why
   */
  public static Programs of(Map<String, String> options) {
    return KNOWN.computeIfAbsent(Map.copyOf(among(options)), ProgramPlaces::open);
  }

  /** Of these options, those that name a place. */
  public static Map<String, String> among(Map<String, String> options) {
    Map<String, String> found = new LinkedHashMap<>(options);
    found.keySet().retainAll(OPTIONS);
    found.remove(OPTION, "");
    return found;
  }

  private static Programs open(Map<String, String> options) {
    String place = options.getOrDefault(OPTION, "");
    Optional<String> config = Optional.ofNullable(options.get(SSH_CONFIG));
    if (place.startsWith(SSH)) {
      return new SshPrograms(place.substring(SSH.length()), config);
    }
    if (config.isPresent()) {
      throw new IllegalArgumentException(
          SSH_CONFIG + "= is for " + OPTION + "=" + SSH + "[USER@]HOST only");
    }
    if (place.isEmpty()) {
      return new LocalPrograms();
    }
    if (place.startsWith(AGENT)) {
      return new AgentPrograms(Endpoint.parse(place.substring(AGENT.length())));
    }
    throw new IllegalArgumentException(
        "'" + place + "' is no place for programs: ssh:[USER@]HOST or qga:ENDPOINT is wanted");
  }
}
