package dev.stillpoint.core.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The promises hold in every world that any order of answers, faults, clocks and a cancel can lead
 * to. What this would catch is shown by the mutants: machines with one mistake each.
 */
class ExplorationTest {
  private static Explorer.Visit visit = new Explorer.Visit(Set.of(), 0);

  @BeforeAll
  static void exploreEveryWorld() {
    visit = new Explorer(TransactionMachine::next).exploreAll();
  }

  @Test
  void everyStateIsReached() {
    Set<String> declared =
        Stream.of(State.class.getPermittedSubclasses())
            .map(Class::getSimpleName)
            .collect(Collectors.toSet());
    Set<String> reached =
        visit.transitions().stream()
            .flatMap(t -> Stream.of(t.from(), t.step().state()))
            .map(state -> state.getClass().getSimpleName())
            .collect(Collectors.toSet());

    assertEquals(declared, reached);
  }

  @Test
  void everyEventAndEveryEffectMatters() {
    assertEquals(
        names(Event.class),
        visit.transitions().stream()
            .map(t -> t.event().getClass().getSimpleName())
            .collect(Collectors.toSet()));
    assertEquals(
        names(Effect.class).stream().filter(n -> !n.equals("Check")).collect(Collectors.toSet()),
        visit.transitions().stream()
            .flatMap(t -> t.step().effects().stream())
            .map(effect -> effect.getClass().getSimpleName())
            .collect(Collectors.toSet()));
  }

  @Test
  void theSameExplorationTwiceSeesTheSame() {
    Explorer.Visit again = new Explorer(TransactionMachine::next).exploreAll();

    assertEquals(visit.worlds(), again.worlds());
    assertEquals(visit.transitions(), again.transitions());
  }

  @Test
  void everyMistakeIsCaught() {
    List<Mutants.Mutant> mutants = Mutants.of(visit.transitions());
    List<String> survivors =
        mutants.parallelStream()
            .filter(mutant -> !isCaught(mutant))
            .map(Mutants.Mutant::name)
            .toList();

    assertTrue(mutants.size() > 500, "only " + mutants.size() + " mutants");
    assertEquals(List.of(), survivors);
  }

  private static boolean isCaught(Mutants.Mutant mutant) {
    try {
      new Explorer(mutant.machine()).exploreAll();
      return false;
    } catch (Explorer.Counterexample caught) {
      return true;
    }
  }

  private static Set<String> names(Class<?> sealed) {
    return Stream.of(sealed.getPermittedSubclasses())
        .map(Class::getSimpleName)
        .collect(Collectors.toSet());
  }
}
