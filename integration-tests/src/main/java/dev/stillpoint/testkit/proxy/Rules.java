package dev.stillpoint.testkit.proxy;

import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.AgentSafety.UnsafeAgentException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What a proxy looks for in the traffic, what it must never let through, and what it has seen. */
final class Rules {
  /** What a client reads instead of freezing somebody who might be the host. */
  static final String REFUSAL =
      "{\"error\": {\"class\": \"GenericError\", \"desc\":"
          + " \"the proxy refused: nobody vouches for the agent behind it\"}}\n";

  private static final String FREEZE = "guest-fsfreeze-freeze";

  /** Enough for the story of one test. */
  private static final int LONGEST_HISTORY = 500;

  private final Path target;
  private final List<Trap> traps = new CopyOnWriteArrayList<>();
  private final Deque<String> history = new ArrayDeque<>();

  Rules(Path target) {
    this.target = target;
  }

  void arm(Trap trap) {
    traps.add(trap);
  }

  /** The traps that this message springs, in the order in which they were armed. */
  List<Trap> hits(Message message) {
    remember(message);
    var hits = new ArrayList<Trap>();
    for (Trap trap : traps) {
      if (trap.hits(message)) {
        hits.add(trap);
      }
    }
    return hits;
  }

  /** A freeze goes only to a QEMU of the kit, as it is at this moment. */
  boolean mayGo(String toServer) {
    if (!toServer.contains(FREEZE)) {
      return true;
    }
    try {
      AgentSafety.require(target);
      return true;
    } catch (UnsafeAgentException e) {
      return false;
    }
  }

  private void remember(Message message) {
    synchronized (history) {
      if (history.size() == LONGEST_HISTORY) {
        history.remove();
      }
      history.add(message.told());
    }
  }

  List<String> history() {
    synchronized (history) {
      return List.copyOf(history);
    }
  }
}
