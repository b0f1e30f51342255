package dev.stillpoint.core.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.testing.IdleMethod;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** Cuts that one command can make are one. */
class CutGroupTest {
  private static final Deadline SOON = Deadline.after(Duration.ofSeconds(5));

  private final List<String> cut = new ArrayList<>();

  private class Noting extends IdleMethod {
    Noting(String name) {
      super(name);
    }

    @Override
    public CompletionStage<CutReport> cut(Deadline deadline) {
      cut.add(name());
      return super.cut(deadline);
    }
  }

  /** Of a hypervisor, which cuts all its disks by one command. */
  private final class Joining extends Noting {
    Joining(String name) {
      super(name);
    }

    @Override
    public Optional<Cut> joinedWith(Cut other) {
      return other instanceof Joining more
          ? Optional.of(new Joining(name() + "+" + more.name()))
          : Optional.empty();
    }
  }

  private List<String> cutBy(CutGroup group) {
    group.cut(SOON).toCompletableFuture().join();
    return cut;
  }

  @Test
  void twoThatJoinAreAskedAsOneAndAreOneInstant() {
    // given
    CutGroup group = CutGroup.of(List.of(new Joining("a"), new Joining("b")));
    // then
    assertTrue(group.isOneInstant());
    assertEquals(List.of("a+b"), cutBy(group));
  }

  @Test
  void anyNumberJoinsWhateverStandsBetween() {
    // given
    CutGroup group =
        CutGroup.of(List.of(new Joining("a"), new Noting("x"), new Joining("b"), new Joining("c")));
    // then
    assertFalse(group.isOneInstant());
    assertEquals(List.of("a+b+c", "x"), cutBy(group));
  }

  @Test
  void othersAreAskedEachByItself() {
    // given
    CutGroup group = CutGroup.of(List.of(new Noting("x"), new Noting("y")));
    // then
    assertFalse(group.isOneInstant());
    assertEquals(List.of("x", "y"), cutBy(group));
  }
}
