package dev.stillpoint.backends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.core.spi.Inventory.FileNumber;
import dev.stillpoint.core.spi.Journal.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which files of an operation that did not end are removed, and which never. */
@Timeout(60)
class RecoveryFilesTest extends RecoveryScene {
  @Test
  void onlyAFileThatIsProvablyOursIsRemoved() throws IOException {
    // given: three that were planned, of which one was made, and one that was replaced
    Path replaced = file("replaced");
    Path made = directory.resolve("made");
    Path filled = directory.resolve("filled");
    FileNumber another = new FileNumber(number(replaced).device(), number(replaced).inode() + 1);
    written(
        Phase.RESERVING,
        living(),
        false,
        false,
        disk(1, made, Optional.empty()),
        disk(2, filled, Optional.empty()),
        disk(3, replaced, Optional.of(another)));
    Files.createFile(made);
    file("filled");
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertFalse(Files.exists(made));
    assertTrue(Files.exists(filled) && Files.exists(replaced));
    assertEquals(2, one.notes().size(), one::toString);
  }

  @Test
  void anEmptyFileThatIsOlderThanThePlanIsNotOurs() throws Exception {
    // given
    Path older = Files.createFile(directory.resolve("older"));
    long made = System.nanoTime();
    while (System.nanoTime() - made < TimeUnit.MILLISECONDS.toNanos(60)) {
      Thread.onSpinWait();
    }
    written(Phase.RESERVING, living(), false, false, disk(1, older, Optional.empty()));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertTrue(Files.exists(older));
  }

  @Test
  void ofAMachineThatIsGoneOnlyFilesAreLeftAndUnusedOnesGo() throws IOException {
    // given
    Path overlay = file("overlay");
    written(Phase.PREPARING, gone(), false, false, disk(1, overlay, Optional.of(number(overlay))));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertFalse(Files.exists(overlay));
    assertNothingLeftNow();
  }

  @Test
  void ofAMachineThatWasGoneInTheHoldBothImagesAreKeptAndNamed() throws IOException {
    // given
    Path overlay = file("overlay");
    written(Phase.HOLDING, gone(), true, true, disk(1, overlay, Optional.of(number(overlay))));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state(), one::toString);
    assertTrue(one.left().get(0).contains(overlay.toString()), one::toString);
    assertTrue(one.left().get(0).contains("/images/base1.qcow2"), one::toString);
    assertTrue(Files.exists(overlay));
    assertEquals(State.LEFT, recovered().state());
  }

  @Test
  void aGraphWithoutAnythingOfOursProvesNoMoreThatTheOverlayWasNotUsed() throws IOException {
    // given: a life of the machine that nothing tells from the one that was cut, on the old image
    Path overlay = file("overlay");
    attached.add("base");
    nodes.add("base");
    written(Phase.RELEASED, living(), false, false, disk(1, overlay, Optional.of(number(overlay))));
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state(), one::toString);
    assertTrue(one.left().get(0).contains("the newest data is in the overlay"), one::toString);
    assertTrue(Files.exists(overlay));
  }

  @Test
  void aFileThatCannotBeReadIsToldAndLeftAlone() throws IOException {
    // given
    written(Phase.HOLDING, living(), true, false);
    Path file = journal.fileOf(ID);
    Files.writeString(file, "{\"stillpointJournal\":2}\n");
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.LEFT, one.state());
    assertTrue(one.left().get(0).contains(file.toString()), one::toString);
    assertEquals("{\"stillpointJournal\":2}\n", Files.readString(file));
  }

  @Test
  void aTornLineIsTakenForAFreezeThatWasBegun() throws IOException {
    // given
    Path overlay = file("overlay");
    nodes.add("sp-" + ID + "-1-file");
    attached.add("node1");
    written(
        Phase.PREPARING, living(), false, false, disk(1, overlay, Optional.of(number(overlay))));
    Files.writeString(journal.fileOf(ID), "{\"stillpointJ", StandardOpenOption.APPEND);
    freeze();
    // when
    RecoveredOperation one = recovered();
    // then
    assertEquals(State.SETTLED, one.state(), one::toString);
    assertFalse(agent.guestFrozen());
    assertFalse(Files.exists(overlay));
  }
}
