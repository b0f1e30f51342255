package dev.stillpoint.core.transaction;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.LateCut;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.spi.Journal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Machines with one mistake each: an effect forgotten or too late, a debt that the journal is not
 * told of, or a way that leads to the wrong state.
 */
final class Mutants {
  private static final Failure WRONG = Failure.of(ErrorCode.INTERNAL, "mutant");

  private Mutants() {}

  /**
   * One mistake.
   *
   * @param terms of an operation that makes it
   */
  record Mutant(String name, BiFunction<State, Event, Step> machine, Terms terms) {}

  static List<Mutant> of(Iterable<Explorer.Transition> transitions) {
    Map<String, Explorer.Transition> kinds = new LinkedHashMap<>();
    transitions.forEach(transition -> kinds.putIfAbsent(transition.key(), transition));
    List<Mutant> mutants = new ArrayList<>();
    kinds.forEach((key, sample) -> {
      for (int i = 0; i < sample.step().effects().size(); i++) {
        int dropped = i;
        Effect effect = sample.step().effects().get(i);
        mutants.add(mutant(sample, "without " + effect, s -> without(s, dropped)));
        if (effect instanceof Effect.WriteJournal write && !write.owed().equals(Owed.NOTHING)) {
          mutants.add(mutant(sample, "owing nothing", s -> owingNothing(s, dropped)));
        }
      }
      for (String target : targets(sample)) {
        mutants.add(mutant(sample, "to " + target, step -> retargeted(step, target)));
      }
    });
    mutants.addAll(hasty());
    return mutants;
  }

  /** Machines that write the journal beside what it is to know first, or too soon. */
  private static List<Mutant> hasty() {
    var required = new Terms(Quiesce.REQUIRE, LateCut.UNDO, false);
    return List.of(
        new Mutant(
            "freezes while the journal is written",
            (state, event) -> {
              Step step = TransactionMachine.next(state, event);
              return step.state() instanceof State.Announcing(Terms terms, Plan plan, var intent)
                      && intent == State.Intent.HOLD
                      && plan.freeze()
                  ? Step.to(
                      new State.Freezing(terms, plan),
                      new Effect.WriteJournal(Journal.Phase.HOLDING, Owed.of(plan)),
                      new Effect.StartTimer(plan.ownPace() ? Timer.FREEZE : Timer.WINDOW),
                      new Effect.Freeze())
                  : step;
            },
            required),
        new Mutant(
            "writes that the guest is let go when the thaw is asked for",
            (state, event) -> {
              Step step = TransactionMachine.next(state, event);
              return step.effects().contains(new Effect.Thaw()) && !(state instanceof State.Thawing)
                  ? step.then(new Effect.WriteJournal(Journal.Phase.RELEASED, Owed.NOTHING))
                  : step;
            },
            required),
        new Mutant(
            "fills files while the journal is told which they are",
            (state, event) -> {
              Step step = TransactionMachine.next(state, event);
              return step.state() instanceof State.Announcing(Terms terms, Plan plan, var intent)
                      && intent == State.Intent.PREPARE
                  ? new Step(
                      new State.Preparing(terms, plan),
                      Step.to(step.state(), new Effect.Prepare())
                          .then(step.effects().toArray(Effect[]::new))
                          .effects())
                  : step;
            },
            required));
  }

  private static Mutant mutant(
      Explorer.Transition sample, String mistake, Function<Step, Step> change) {
    String key = sample.key();
    return new Mutant(
        key + " " + mistake,
        (state, event) -> {
          Step step = TransactionMachine.next(state, event);
          boolean here = new Explorer.Transition(state, event, step).key().equals(key);
          return here ? change.apply(step) : step;
        },
        terms(sample.from()));
  }

  private static Terms terms(State state) {
    return state instanceof State.Checking checking
        ? checking.terms()
        : ledger(state).orElseThrow().terms();
  }

  private static Step owingNothing(Step step, int index) {
    var effects = new ArrayList<>(step.effects());
    Journal.Phase phase = ((Effect.WriteJournal) effects.get(index)).phase();
    effects.set(index, new Effect.WriteJournal(phase, Owed.NOTHING));
    return new Step(step.state(), effects);
  }

  private static Step without(Step step, int index) {
    var effects = new ArrayList<>(step.effects());
    effects.remove(index);
    return new Step(step.state(), effects);
  }

  private static List<String> targets(Explorer.Transition sample) {
    if (ledger(sample.step().state()).isEmpty()) {
      return List.of();
    }
    List<String> all =
        new ArrayList<>(
            List.of(
                "reserving",
                "preparing",
                "freezing",
                "cutting",
                "resuming",
                "thawing",
                "settling",
                "undoing",
                "cleaning",
                "done"));
    all.remove(sample.step().state().label());
    return all;
  }

  private static Step retargeted(Step step, String target) {
    Ledger ledger = ledger(step.state()).orElseThrow();
    State state =
        switch (target) {
          case "reserving" -> new State.Reserving(ledger.terms(), ledger.plan());
          case "preparing" -> new State.Preparing(ledger.terms(), ledger.plan());
          case "freezing" -> new State.Freezing(ledger.terms(), ledger.plan());
          case "cutting" -> new State.Cutting(ledger.withCutAsked(), false, false);
          case "resuming" -> new State.Resuming(ledger, false);
          case "thawing" -> new State.Thawing(ledger, false);
          case "settling" -> new State.Settling(ledger);
          case "undoing" -> new State.Undoing(ledger);
          case "cleaning" -> new State.Cleaning(ledger);
          default -> new State.Done(Outcome.FAILED, ledger.guest(), Optional.of(WRONG));
        };
    return new Step(state, step.effects());
  }

  private static Optional<Ledger> ledger(State state) {
    return switch (state) {
      case State.Checking s -> Optional.empty();
      case State.Announcing s -> Optional.of(Ledger.open(s.terms(), s.plan()));
      case State.Reserving s -> Optional.of(Ledger.open(s.terms(), s.plan()));
      case State.Preparing s -> Optional.of(Ledger.open(s.terms(), s.plan()));
      case State.Freezing s -> Optional.of(Ledger.open(s.terms(), s.plan()));
      case State.Pausing s -> Optional.of(s.ledger());
      case State.Cutting s -> Optional.of(s.ledger());
      case State.Resuming s -> Optional.of(s.ledger());
      case State.Thawing s -> Optional.of(s.ledger());
      case State.Settling s -> Optional.of(s.ledger());
      case State.Undoing s -> Optional.of(s.ledger());
      case State.Cleaning s -> Optional.of(s.ledger());
      case State.Done s -> Optional.empty();
    };
  }
}
