package dev.stillpoint.core.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

/** That the contract means something: it catches each flaw, and each of its tests catches some. */
class SnapshotMethodContractTest {
  private static final List<Method> CONTRACT =
      Stream.of(SnapshotCutContract.class, SnapshotMethodContract.class)
          .flatMap(part -> Arrays.stream(part.getDeclaredMethods()))
          .filter(method -> method.isAnnotationPresent(Test.class))
          .sorted(Comparator.comparing(Method::getName))
          .toList();

  @Test
  void everyFlawIsCaughtAndEveryTestCatchesOne() throws Exception {
    // given
    Set<Flaw> uncaught = EnumSet.noneOf(Flaw.class);
    Set<String> useless = new TreeSet<>(CONTRACT.stream().map(Method::getName).toList());
    // when
    for (Flaw flaw : EnumSet.complementOf(EnumSet.of(Flaw.NONE))) {
      Set<String> red = red(flaw);
      if (red.isEmpty()) {
        uncaught.add(flaw);
      }
      useless.removeAll(red);
    }
    // then
    assertEquals(Set.of(), uncaught);
    assertEquals(Set.of(), useless);
  }

  @Test
  void withoutAFlawNothingIsRed() throws Exception {
    assertFalse(CONTRACT.isEmpty());
    assertEquals(Set.of(), red(Flaw.NONE));
  }

  private static Set<String> red(Flaw flaw) throws Exception {
    Set<String> red = new TreeSet<>();
    for (Method test : CONTRACT) {
      var contract = new DirectoryContract(flaw);
      try {
        test.invoke(contract);
      } catch (InvocationTargetException e) {
        if (!(e.getCause() instanceof TestAbortedException)) {
          red.add(test.getName());
        }
      } finally {
        contract.removeAll();
      }
    }
    return red;
  }
}
