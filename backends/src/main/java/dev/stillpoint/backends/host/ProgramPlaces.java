package dev.stillpoint.backends.host;

import dev.stillpoint.qmp.endpoint.Endpoint;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The machines whose programs are run, by what a caller calls them: empty text is this host, {@code
 * ssh:DESTINATION} one that ssh reaches, {@code qga:ENDPOINT} one with a guest agent. Safe for use
 * by several threads.
 */
public final class ProgramPlaces {
  /** The option of a disk that says where its storage's programs are run. */
  public static final String OPTION = "at";

  private static final String SSH = "ssh:";
  private static final String AGENT = "qga:";

  /** One for all that ask in this process: an agent serves one client, which they must share. */
  private static final Map<String, Programs> KNOWN = new ConcurrentHashMap<>();

  private ProgramPlaces() {}

  /**
   * The programs there.
   *
   * @throws IllegalArgumentException when the text names no place; the message says why
   */
  public static Programs at(String place) {
    return KNOWN.computeIfAbsent(place, ProgramPlaces::open);
  }

  private static Programs open(String place) {
    if (place.isEmpty()) {
      return new LocalPrograms();
    }
    if (place.startsWith(SSH)) {
      return new SshPrograms(place.substring(SSH.length()));
    }
    if (place.startsWith(AGENT)) {
      return new AgentPrograms(Endpoint.parse(place.substring(AGENT.length())));
    }
    throw new IllegalArgumentException(
        "'" + place + "' is no place for programs: ssh:[USER@]HOST or qga:ENDPOINT is wanted");
  }
}
