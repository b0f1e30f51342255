package dev.stillpoint.qmp.transport;

import dev.stillpoint.qmp.endpoint.Endpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Who else is connected to a listener on this host. QEMU serves one client of a socket at a time;
 * the others are connected and hear nothing, so that silence alone does not tell a stranger from a
 * peer that is dead.
 */
public final class OtherClients {
  private static final Path UNIX_SOCKETS = Path.of("/proc/net/unix");
  private static final int STATE_COLUMN = 5;
  private static final int PATH_COLUMN = 7;

  /** Waiting to be accepted, and accepted. */
  private static final Set<String> CONNECTED = Set.of("02", "03");

  private OtherClients() {}

  /**
   * Whether somebody beside the caller, who is connected itself, is connected to the listener.
   * Reads {@code /proc/net/unix}; false where that does not tell, as for TCP.
   */
  public static boolean areAt(Endpoint endpoint) {
    return endpoint instanceof Endpoint.Unix unix && connections(unix.path()) > 1;
  }

  private static long connections(Path socket) {
    // The kernel's list has whatever bytes a path is made of.
    try (Stream<String> lines = Files.lines(UNIX_SOCKETS, StandardCharsets.ISO_8859_1)) {
      Set<String> names = names(socket);
      return lines
          .map(line -> line.trim().split("\\s+", PATH_COLUMN + 1))
          .filter(columns -> columns.length > PATH_COLUMN)
          .filter(columns -> CONNECTED.contains(columns[STATE_COLUMN]))
          .filter(columns -> names.contains(columns[PATH_COLUMN]))
          .count();
    } catch (IOException e) {
      return 0;
    }
  }

  /** The listener is listed as it was bound: as we name it, or by its real path. */
  private static Set<String> names(Path socket) throws IOException {
    var names = new HashSet<String>();
    names.add(latin(socket));
    names.add(latin(socket.toRealPath()));
    return names;
  }

  private static String latin(Path path) {
    return new String(
        path.toString().getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }
}
