package dev.stillpoint.core.transaction;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Visits every aftermath that a kill can lead to. What comes after it depends on the world alone
 * and no more on the machine, so that each aftermath is visited once, whichever world it is of.
 */
final class CrashExplorer {
  private final Defect defect;
  private final Rescue rescue;
  private final Set<World.CrashKey> crashes = new HashSet<>();
  private final Map<Aftermath, Origin> seen = new HashMap<>();

  CrashExplorer(Defect defect) {
    this.defect = defect;
    this.rescue = new Rescue(defect);
  }

  private record Origin(@org.jspecify.annotations.Nullable Aftermath before, String what) {}

  int aftermaths() {
    return seen.size();
  }

  /** In how many worlds, told apart by what can be left of them, the owner was killed. */
  int crashes() {
    return crashes.size();
  }

  /** The owner is killed now. */
  void kill(World world) {
    if (!crashes.add(world.whatACrashLeaves())) {
      return;
    }
    for (Aftermath left : Crash.in(world, defect)) {
      if (world.isHandingOver() && left.entry.isEmpty()) {
        // The file is closed and the caller is being told: no order of the two is safe for both.
        left.told = true;
      }
      try {
        AftermathPromises.checkAtTheCrash(left, world);
      } catch (Promises.Broken broken) {
        throw new Explorer.Counterexample(
            String.valueOf(broken.getMessage()), List.of("killed in " + world, "-> " + left));
      }
      visit(left, world);
    }
  }

  private void visit(Aftermath first, World world) {
    var frontier = new ArrayDeque<Aftermath>();
    reach(first, new Origin(null, "killed in " + world), frontier);
    while (!frontier.isEmpty()) {
      Aftermath now = frontier.remove();
      for (Rescue.Move move : moves(now)) {
        reach(move.next(), new Origin(now, move.what()), frontier);
      }
    }
  }

  private List<Rescue.Move> moves(Aftermath now) {
    try {
      return rescue.moves(now);
    } catch (Promises.Broken broken) {
      throw new Explorer.Counterexample(String.valueOf(broken.getMessage()), history(now));
    }
  }

  private void reach(Aftermath next, Origin origin, ArrayDeque<Aftermath> frontier) {
    if (seen.putIfAbsent(next, origin) != null) {
      return;
    }
    try {
      AftermathPromises.check(next, rescue);
    } catch (Promises.Broken broken) {
      throw new Explorer.Counterexample(String.valueOf(broken.getMessage()), history(next));
    }
    frontier.add(next);
  }

  private List<String> history(Aftermath last) {
    var lines = new ArrayList<String>();
    for (Aftermath at = last; at != null; ) {
      Origin origin = seen.get(at);
      lines.add(0, (origin == null ? "?" : origin.what()) + " -> " + at);
      at = origin == null ? null : origin.before();
    }
    return lines;
  }
}
