package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.LateCut;
import dev.stillpoint.core.snapshot.Quiesce;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/** Visits every world that any order of answers, faults, clocks and a cancel can lead to. */
final class Explorer {
  /** What an exploration saw: every step that changed something, and how many worlds. */
  record Visit(Set<Transition> transitions, int worlds) {}

  /** A step by the kinds of its parts. */
  record Transition(State from, Event event, Step step) {
    String key() {
      return from.label()
          + " --"
          + event.getClass().getSimpleName()
          + (event instanceof Event.TimerFired fired ? " " + fired.timer() : "")
          + "--> "
          + step.state().label()
          + " "
          + step.effects();
    }
  }

  /** A broken promise with the history that led to it. */
  static final class Counterexample extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Counterexample(String promise, List<String> history) {
      super(promise + "\n  " + String.join("\n  ", history));
    }
  }

  private final BiFunction<State, Event, Step> machine;

  Explorer(BiFunction<State, Event, Step> machine) {
    this.machine = machine;
  }

  static List<Terms> allTerms() {
    List<Terms> all = new ArrayList<>();
    for (Quiesce quiesce : Quiesce.values()) {
      for (LateCut lateCut : LateCut.values()) {
        all.add(new Terms(quiesce, lateCut, false));
      }
      all.add(new Terms(quiesce, LateCut.UNDO, true));
    }
    return all;
  }

  Visit exploreAll() {
    Set<Transition> transitions = new LinkedHashSet<>();
    int worlds = 0;
    for (Terms terms : allTerms()) {
      worlds += explore(terms, transitions);
    }
    return new Visit(transitions, worlds);
  }

  private int explore(Terms terms, Set<Transition> transitions) {
    var first = new World(terms);
    TransactionMachine.start(terms).effects().forEach(effect -> Promises.apply(first, effect));
    Map<World, Origin> seen = new HashMap<>();
    seen.put(first, new Origin(null, "start"));
    var frontier = new ArrayDeque<World>();
    frontier.add(first);
    while (!frontier.isEmpty()) {
      World world = frontier.remove();
      for (Surroundings.Move move : Surroundings.moves(world)) {
        World next = world.copy();
        move.change().accept(next);
        String what = move.event().map(Event::toString).orElse("(unheard)");
        try {
          move.event().ifPresent(event -> take(world, next, event, transitions));
          Promises.check(next);
        } catch (RuntimeException broken) {
          throw new Counterexample(
              String.valueOf(broken.getMessage()), history(seen, world, what + " -> " + next));
        }
        if (!next.isOver() && seen.putIfAbsent(next, new Origin(world, what)) == null) {
          frontier.add(next);
        }
      }
    }
    return seen.size();
  }

  private void take(World before, World next, Event event, Set<Transition> transitions) {
    Step step = machine.apply(next.state, event);
    if (!step.state().equals(before.state) || !step.effects().isEmpty()) {
      transitions.add(new Transition(before.state, event, step));
    }
    // What the event itself settled counts: a freeze that was never written is not owed.
    World asHeard = next.copy();
    Promises.holdIsShort(asHeard, step);
    Promises.clocksStartAnew(asHeard, step);
    next.state = step.state();
    step.effects().forEach(effect -> Promises.apply(next, effect));
  }

  private record Origin(@org.jspecify.annotations.Nullable World before, String event) {}

  private static List<String> history(Map<World, Origin> seen, World last, String event) {
    var lines = new ArrayDeque<String>();
    lines.push(event);
    Optional<World> at = Optional.of(last);
    var guard = new HashSet<World>();
    while (at.isPresent() && guard.add(at.get())) {
      Origin origin = seen.get(at.get());
      lines.push((origin == null ? "?" : origin.event()) + " -> " + at.get().state);
      at = Optional.ofNullable(origin == null ? null : origin.before());
    }
    return List.copyOf(lines);
  }
}
