package dev.stillpoint.it.chaos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A short fixed part of the chaos suite, in which each kind of fault has its turn. */
class ChaosTest {
  private static final long SEED = 7;
  private static final int ROUNDS = 19;

  /** Enough that each kind of fault is drawn, also those that only a chance brings. */
  private static final int MANY = 2000;

  static IntStream rounds() {
    return IntStream.rangeClosed(1, ROUNDS);
  }

  @ParameterizedTest
  @MethodSource("rounds")
  @Timeout(180)
  void aRoundLeavesNothingBehind(int number) {
    Played played = new RoundPlay(Round.of(SEED, number)).play();

    assertTrue(played.isGood(), () -> Chaos.describe(played));
  }

  /** Some of those that {@code ./verify chaos --paused} plays. */
  @ParameterizedTest
  @ValueSource(ints = {14, 53, 86})
  @Timeout(180)
  void aRoundThatPausesTheMachineLeavesNothingBehindEither(int number) {
    Played played = new RoundPlay(Round.paused(SEED, number)).play();

    assertTrue(played.isGood(), () -> Chaos.describe(played));
  }

  @Test
  void theFixedRoundsHaveEachKindOfFault() {
    assertEquals(kinds(SEED, MANY), kinds(SEED, ROUNDS));
  }

  @Test
  void everyPlaceHasItsTurn() {
    Set<String> steps =
        rounds(SEED, MANY).map(Round::step).map(Step::toString).collect(Collectors.toSet());

    Set<String> missing = new HashSet<>();
    for (Place place : Place.values()) {
      missing.add(new Step.At(place).toString());
    }
    missing.removeAll(steps);
    assertEquals(Set.of(), missing);
  }

  @Test
  void aSeedAndANumberGiveTheSameRoundAgain() {
    assertEquals(rounds(3, MANY).toList(), rounds(3, MANY).toList());
  }

  private static Set<String> kinds(long seed, int rounds) {
    return rounds(seed, rounds)
        .flatMap(round -> round.mishaps().stream())
        .map(Mishap::kind)
        .collect(Collectors.toSet());
  }

  private static Stream<Round> rounds(long seed, int count) {
    return IntStream.rangeClosed(1, count).mapToObj(number -> Round.of(seed, number));
  }
}
