package dev.stillpoint.core.transaction;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Assertions;

/** Long random lives of an operation; a failure prints its seed and its history. */
class TransactionMachineProperties {
  private static final int MAX_STEPS = 400;

  @Property(tries = 2000)
  void everyLifeKeepsThePromisesAndEnds(@ForAll long seed) {
    List<String> life = live(seed);

    Assertions.assertTrue(life.get(life.size() - 1).contains("Done["), () -> seed + ": " + life);
  }

  @Example
  void theSameSeedLivesTheSameLife() {
    Assertions.assertEquals(live(42), live(42));
  }

  /** Random moves until the end; when steps run out, only clocks go on. */
  private static List<String> live(long seed) {
    var random = new Random(seed);
    List<Terms> terms = Explorer.allTerms();
    var world = new World(terms.get(random.nextInt(terms.size())));
    List<String> life = new ArrayList<>(List.of(world.terms.toString()));
    TransactionMachine.start(world.terms)
        .effects()
        .forEach(effect -> Promises.apply(world, effect));
    for (int i = 0; i < MAX_STEPS && !world.isOver(); i++) {
      List<Surroundings.Move> moves = Surroundings.moves(world);
      Surroundings.Move move = moves.get(random.nextInt(moves.size()));
      move.change().accept(world);
      move.event().ifPresent(event -> take(world, event));
      life.add(move.event() + " -> " + world.state);
      try {
        Promises.check(world);
      } catch (Promises.Broken broken) {
        throw new AssertionError("seed " + seed + ": " + broken.getMessage() + life, broken);
      }
    }
    return life;
  }

  private static void take(World world, Event event) {
    Step step = TransactionMachine.next(world.state, event);
    Promises.holdIsShort(world, step);
    world.state = step.state();
    step.effects().forEach(effect -> Promises.apply(world, effect));
  }
}
