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
  /**
   * What an exploration saw.
   *
   * @param transitions every step that changed something
   * @param met every event in every state in which it can be heard
   * @param worlds how many worlds with a living owner
   * @param crashes in how many of them, told apart by what can be left, the owner was killed
   * @param aftermaths how many worlds without it
   */
  record Visit(
      Set<Transition> transitions, Set<Met> met, int worlds, int crashes, int aftermaths) {}

  /** An event that is heard in a state. */
  record Met(State state, Event event) {}

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

    private final String promise;
    private final transient List<String> history;

    Counterexample(String promise, List<String> history) {
      super(promise + "\n  " + String.join("\n  ", history));
      this.promise = promise;
      this.history = List.copyOf(history);
    }

    /** Which promise it was. */
    String promise() {
      return promise;
    }

    /** The same with what led to the kill. */
    Counterexample after(List<String> before) {
      var whole = new ArrayList<>(before);
      whole.addAll(history);
      return new Counterexample(promise, whole);
    }
  }

  private final BiFunction<State, Event, Step> machine;
  private final Defect defect;
  private final CrashExplorer crashes;
  private final Set<Met> met = new HashSet<>();

  Explorer(BiFunction<State, Event, Step> machine) {
    this(machine, Defect.NONE);
  }

  /** Explores surroundings with a mistake. */
  Explorer(BiFunction<State, Event, Step> machine, Defect defect) {
    this.machine = machine;
    this.defect = defect;
    this.crashes = new CrashExplorer(defect);
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
    return explore(allTerms());
  }

  /** The same, beginning where a mistake is sure to show soon. */
  Visit exploreAll(Terms first) {
    List<Terms> order = new ArrayList<>(List.of(first));
    allTerms().stream().filter(terms -> !terms.equals(first)).forEach(order::add);
    return explore(order);
  }

  private Visit explore(List<Terms> order) {
    Set<Transition> transitions = new LinkedHashSet<>();
    int worlds = 0;
    for (Terms terms : order) {
      worlds += explore(terms, transitions);
    }
    return new Visit(transitions, met, worlds, crashes.crashes(), crashes.aftermaths());
  }

  private int explore(Terms terms, Set<Transition> transitions) {
    var first = new World(terms);
    TransactionMachine.start(terms).effects().forEach(effect -> Promises.apply(first, effect));
    Map<World, Origin> seen = new HashMap<>();
    seen.put(first, new Origin(null, Optional.empty()));
    var frontier = new ArrayDeque<World>();
    frontier.add(first);
    while (!frontier.isEmpty()) {
      World world = frontier.remove();
      for (Surroundings.Move move : Surroundings.moves(world, defect)) {
        World next = world.copy();
        move.change().accept(next);
        try {
          move.event().ifPresent(event -> take(world, next, event, transitions));
          next.forget();
          if (seen.putIfAbsent(next, new Origin(world, move.event())) == null) {
            Promises.check(next);
            crashes.kill(next);
            if (!next.isOver()) {
              frontier.add(next);
            }
          }
        } catch (Counterexample killed) {
          throw killed.after(history(seen, world, told(move.event()) + " -> " + next));
        } catch (RuntimeException broken) {
          throw new Counterexample(
              String.valueOf(broken.getMessage()),
              history(seen, world, told(move.event()) + " -> " + next));
        }
      }
    }
    return seen.size();
  }

  private static String told(Optional<Event> event) {
    return event.map(Event::toString).orElse("(unheard)");
  }

  private void take(World before, World next, Event event, Set<Transition> transitions) {
    met.add(new Met(before.state, event));
    Step step = machine.apply(next.state, event);
    if (!step.state().equals(before.state) || !step.effects().isEmpty()) {
      transitions.add(new Transition(before.state, event, step));
    }
    // What the event itself settled counts: a freeze that was never written is not owed.
    World asHeard = next.copy();
    Promises.holdIsShort(asHeard, step);
    Promises.clocksStartAnew(asHeard, step);
    next.state = step.state();
    for (int i = 0; i < step.effects().size(); i++) {
      if (i > 0) {
        crashes.kill(next);
      }
      Promises.apply(next, step.effects().get(i));
    }
  }

  private record Origin(@org.jspecify.annotations.Nullable World before, Optional<Event> event) {}

  private static List<String> history(Map<World, Origin> seen, World last, String event) {
    var lines = new ArrayDeque<String>();
    lines.push(event);
    Optional<World> at = Optional.of(last);
    var guard = new HashSet<World>();
    while (at.isPresent() && guard.add(at.get())) {
      Origin origin = seen.get(at.get());
      lines.push((origin == null ? "?" : told(origin.event())) + " -> " + at.get().state);
      at = Optional.ofNullable(origin == null ? null : origin.before());
    }
    return List.copyOf(lines);
  }
}
