package dev.stillpoint.testkit.guest;

import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Refuses to let a test freeze an agent that might run on the host: that would freeze the host and
 * everybody on it. An agent is safe if the process that listens on its socket is a QEMU that this
 * kit started in this JVM, or a proxy of this JVM before one. Everything else is refused, also what
 * merely looks right.
 *
 * <p>The check reads {@code /proc} and connects to nobody, so it does not take the agent's only
 * place.
 */
public final class AgentSafety {
  private static final Map<Path, Path> PROXIES = new ConcurrentHashMap<>();

  private AgentSafety() {}

  /**
   * Checks an agent's socket before a freeze is sent through it.
   *
   * @return the same path
   * @throws UnsafeAgentException unless a QEMU of this kit listens there, or a proxy that {@link
   *     #admitProxy} knows and whose target is safe now
   */
  public static Path require(Path socket) {
    Path target = PROXIES.get(key(socket));
    if (target == null) {
      requireQemu(socket);
    } else {
      long own = ProcessHandle.current().pid();
      Set<String> inodes = ListeningSockets.inodes(socket, own);
      if (inodes.isEmpty()) {
        throw new UnsafeAgentException(socket, "nobody listens there");
      }
      if (!ListeningSockets.holds(own, inodes)) {
        throw new UnsafeAgentException(socket, "the proxy is not served by this JVM");
      }
      requireQemu(target);
    }
    return socket;
  }

  private static void requireQemu(Path socket) {
    if (QemuProcess.livePids().stream().anyMatch(pid -> listens(pid, socket))) {
      return;
    }
    long own = ProcessHandle.current().pid();
    String who = ListeningSockets.inodes(socket, own).isEmpty() ? "nobody" : "no QEMU of this kit";
    throw new UnsafeAgentException(socket, who + " listens there");
  }

  /** A QEMU may be in a network of its own, and then it is in the table of that alone. */
  private static boolean listens(long pid, Path socket) {
    return ListeningSockets.holds(pid, ListeningSockets.inodes(socket, pid));
  }

  /** The same for any address: only unix sockets can be vouched for. */
  public static void require(SocketAddress address) {
    if (!(address instanceof UnixDomainSocketAddress unix)) {
      throw new UnsafeAgentException(address, "only a unix socket shows who serves it");
    }
    require(unix.getPath());
  }

  /** The agent's socket of a running guest, checked. */
  public static Path require(Guest guest) {
    return require(guest.agent());
  }

  /**
   * Makes a proxy's own socket as safe as its target, which is checked now and at each use.
   *
   * @throws UnsafeAgentException if the target is not safe
   */
  public static void admitProxy(Path proxy, Path target) {
    require(target);
    PROXIES.put(key(proxy), PROXIES.getOrDefault(key(target), target));
  }

  /** Forgets a proxy that has ended. */
  public static void dismissProxy(Path proxy) {
    PROXIES.remove(key(proxy));
  }

  private static Path key(Path socket) {
    return socket.toAbsolutePath().normalize();
  }

  /** A freeze was about to go to an agent that nobody can vouch for. */
  public static final class UnsafeAgentException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnsafeAgentException(Object agent, String reason) {
      super(
          "refused: %s may be an agent on the host, and a freeze would freeze the host (%s)"
              .formatted(agent, reason));
    }
  }
}
