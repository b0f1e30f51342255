package dev.stillpoint.core.transaction;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The promises hold in every world that any order of answers, faults, clocks and a cancel can lead
 * to, and in every world that is left when the owner is killed or stopped in one of those, with a
 * guard and a recovery that may be killed too. What this would catch is shown by the mutants,
 * machines with one mistake each, and by mistakes in what surrounds the machine. {@code
 * target/exploration.txt} tells the figures, and which promise each mutant has broken.
 */
class ExplorationTest {
  private static final String NOT_CAUGHT = "not caught";
  private static final Path REPORT = Path.of("target", "exploration.txt");

  private static Explorer.Visit visit = new Explorer.Visit(Set.of(), Set.of(), 0, 0, 0);

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
  void everyMistakeOfTheMachineIsCaught() throws IOException {
    List<Mutants.Mutant> mutants = Mutants.of(visit.transitions());
    Map<String, List<String>> caught = new ConcurrentSkipListMap<>();
    mutants.parallelStream()
        .forEach(mutant ->
            caught
                .computeIfAbsent(brokenPromise(mutant), promise -> new CopyOnWriteArrayList<>())
                .add(mutant.name()));
    report(mutants.size(), caught);

    assertTrue(mutants.size() > 1000, "only " + mutants.size() + " mutants");
    assertEquals(List.of(), caught.getOrDefault(NOT_CAUGHT, List.of()));
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void everyMistakeAroundTheMachineBreaksItsPromise(Defect defect) {
    var caught =
        assertThrows(
            Explorer.Counterexample.class,
            () -> new Explorer(TransactionMachine::next, defect).exploreAll());

    assertTrue(caught.promise().contains(defect.promise), caught::getMessage);
  }

  private static String brokenPromise(Mutants.Mutant mutant) {
    try {
      new Explorer(mutant.machine()).exploreAll(mutant.terms());
      return NOT_CAUGHT;
    } catch (Explorer.Counterexample caught) {
      return caught.promise();
    }
  }

  /** How many worlds there are, and which promise each mistake has broken. */
  private static void report(int mutants, Map<String, List<String>> caught) throws IOException {
    var lines = new ArrayList<String>();
    lines.add(
        "%d worlds with a living owner, killed in %d ways, %d worlds after it; %d mutants"
            .formatted(visit.worlds(), visit.crashes(), visit.aftermaths(), mutants));
    caught.forEach((promise, names) -> {
      lines.add("");
      lines.add(promise + ": " + names.size());
      names.stream().sorted().forEach(name -> lines.add("  " + name));
    });
    Files.write(REPORT, lines);
  }

  private static Set<String> names(Class<?> sealed) {
    return Stream.of(sealed.getPermittedSubclasses())
        .map(Class::getSimpleName)
        .collect(Collectors.toSet());
  }
}
