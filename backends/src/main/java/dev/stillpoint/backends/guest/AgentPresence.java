package dev.stillpoint.backends.guest;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpEvent;
import dev.stillpoint.qmp.QmpSubscription;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.ChardevInfo;
import dev.stillpoint.qmp.qapi.ObjectPropertyInfo;
import dev.stillpoint.qmp.qapi.QomGet;
import dev.stillpoint.qmp.qapi.QomList;
import dev.stillpoint.qmp.qapi.QueryChardev;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether anybody in the guest has the agent's port open, as QEMU tells it: {@code query-chardev}
 * to begin with, {@code VSERPORT_CHANGE} from then on. So a dead agent is noticed at once, and one
 * that was replaced while the guest was frozen is noticed at all. Safe for use by several threads.
 */
final class AgentPresence implements AutoCloseable {
  private static final String PERIPHERAL = "/machine/peripheral";
  private static final String PORT_TYPE = "child<virtserialport>";

  /** {@code disconnected:} comes before the address while no client is connected. */
  private static final Pattern UNIX =
      Pattern.compile("^(?:disconnected:)?unix:(.*?)(?:,server.*)?$");

  private static final Pattern TCP =
      Pattern.compile("^(?:disconnected:)?tcp:(.*?):(\\d+)(?:,server.*)?$");

  private final QmpSubscription subscription;

  /** What was heard of each port before it was known which one is ours. */
  private final Map<String, Boolean> early = new HashMap<>();

  private String device = "";
  private volatile boolean open = true;
  private volatile int changes;
  private volatile CompletableFuture<Void> departure = new CompletableFuture<>();

  private AgentPresence(QmpClient monitor) {
    this.subscription = monitor.events(this::heard);
  }

  /**
   * Watches the port behind an agent's endpoint.
   *
   * @param timeout for each question to the monitor
   * @return the watch; empty where QEMU does not tell which port that is, such as one without an id
   *     or a monitor that fails. Never exceptional
   */
  static CompletableFuture<Optional<AgentPresence>> watch(
      QmpClient monitor, Endpoint agent, Duration timeout) {
    // Events first, or a change between the answer and the subscription would be lost.
    var presence = new AgentPresence(monitor);
    return monitor
        .execute(new QueryChardev(), timeout)
        .thenCompose(chardevs -> presence.find(monitor, chardevs, agent, timeout))
        .exceptionally(thrown -> false)
        .thenApply(found -> {
          if (!found) {
            presence.close();
          }
          return found ? Optional.of(presence) : Optional.empty();
        });
  }

  private CompletableFuture<Boolean> find(
      QmpClient monitor, List<ChardevInfo> chardevs, Endpoint agent, Duration timeout) {
    Optional<ChardevInfo> behind =
        chardevs.stream().filter(one -> isAt(one.filename(), agent)).findFirst();
    if (behind.isEmpty()) {
      return CompletableFuture.completedFuture(false);
    }
    return monitor
        .execute(new QomList(PERIPHERAL), timeout)
        .thenCompose(devices -> findDevice(monitor, devices, behind.get().label(), timeout))
        .thenApply(id -> {
          if (id.isEmpty()) {
            return false;
          }
          begin(id.get(), behind.get().frontendOpen());
          return true;
        });
  }

  private static CompletableFuture<Optional<String>> findDevice(
      QmpClient monitor, List<ObjectPropertyInfo> devices, String chardev, Duration timeout) {
    CompletableFuture<Optional<String>> found = CompletableFuture.completedFuture(Optional.empty());
    for (ObjectPropertyInfo device : devices) {
      if (device.type().equals(PORT_TYPE)) {
        found =
            found.thenCombine(
                monitor
                    .execute(new QomGet(PERIPHERAL + "/" + device.name(), "chardev"), timeout)
                    .thenApply(JsonNode::asText),
                (before, label) -> label.equals(chardev) ? Optional.of(device.name()) : before);
      }
    }
    return found;
  }

  private synchronized void begin(String id, boolean wasOpen) {
    device = id;
    open = early.getOrDefault(id, wasOpen);
    early.clear();
  }

  private void heard(QmpEvent event) {
    if (!event.name().equals("VSERPORT_CHANGE")) {
      return;
    }
    String id = event.data().path("id").asText();
    boolean nowOpen = event.data().path("open").asBoolean();
    CompletableFuture<Void> left = new CompletableFuture<>();
    synchronized (this) {
      if (device.isEmpty()) {
        early.put(id, nowOpen);
      }
      if (!device.equals(id)) {
        return;
      }
      changes++;
      open = nowOpen;
      if (!nowOpen) {
        left = departure;
        departure = new CompletableFuture<>();
      }
    }
    left.complete(null);
  }

  static boolean isAt(String filename, Endpoint agent) {
    return switch (agent) {
      case Endpoint.Unix unix -> {
        Matcher named = UNIX.matcher(filename);
        yield named.matches() && real(Path.of(named.group(1))).equals(real(unix.path()));
      }
      case Endpoint.Tcp tcp -> isAt(filename, tcp.host(), tcp.port());
      case Endpoint.Tls tls -> isAt(filename, tls.host(), tls.port());
      // Where a program leads to nobody can tell.
      case Endpoint.Exec exec -> false;
    };
  }

  private static boolean isAt(String filename, String host, int port) {
    Matcher named = TCP.matcher(filename);
    return named.matches()
        && named.group(1).equals(host)
        && named.group(2).equals(String.valueOf(port));
  }

  private static Path real(Path socket) {
    try {
      return socket.toRealPath();
    } catch (IOException e) {
      return socket.toAbsolutePath().normalize();
    }
  }

  /** Whether somebody has the port open, as far as is known. */
  boolean isOpen() {
    return open;
  }

  /** Changes whenever the port is opened or closed: the same number twice means the same agent. */
  int incarnation() {
    return changes;
  }

  /** Completes when the port is closed the next time. */
  CompletableFuture<Void> departure() {
    return departure;
  }

  /** Ends the watch. */
  @Override
  public void close() {
    subscription.close();
  }
}
