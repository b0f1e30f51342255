package dev.stillpoint.backends;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.RecoveredOperation.State;
import dev.stillpoint.core.spi.Inventory.FileNumber;
import dev.stillpoint.core.spi.Journal.Phase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ways in which a recovery could be led to remove what is not the operation's. */
@Timeout(60)
class RecoveryDangerTest extends RecoveryScene {
  private static final int NOBODY = 65534;

  private void assertKept(RecoveredOperation one, State state, Path file) {
    assertEquals(state, one.state(), one::toString);
    assertTrue(Files.exists(file), one::toString);
  }

  @Test
  void aYoungerFileThatWasGivenTheSameNumberIsNotOurs() throws IOException {
    // given: ext4 gives the number of a file that was removed to the next one
    Path another = file("overlay");
    Files.setLastModifiedTime(another, FileTime.from(Instant.now().plusSeconds(5)));
    Instant then = Instant.now().minusSeconds(3600);
    writtenAt(ID, then, Phase.PREPARING, disk(1, another, Optional.of(number(another))));
    // when
    RecoveredOperation one = recovered();
    // then
    assertKept(one, State.SETTLED, another);
    assertTrue(one.notes().get(0).contains("is not the file"), one::toString);
  }

  @Test
  void aLaterEntryDoesNotMakeAYoungerFileOlder() throws IOException {
    // given: what counts is when the number was written down first
    Path another = file("overlay");
    Files.setLastModifiedTime(another, FileTime.from(Instant.now().plusSeconds(5)));
    var disk = disk(1, another, Optional.of(number(another)));
    writtenAt(ID, Instant.now().minusSeconds(3600), Phase.RESERVING, disk);
    writtenAt(ID, Instant.now().plusSeconds(1), Phase.PREPARING, disk);
    // then
    assertKept(recovered(), State.SETTLED, another);
  }

  @Test
  void aFileWhoseFileSystemHasAnotherNumberNowIsListed() throws IOException {
    // given: a remount, or a restart of the host
    Path overlay = file("overlay");
    FileNumber before = new FileNumber(number(overlay).device() + 1, number(overlay).inode());
    written(Phase.PREPARING, gone(), false, false, disk(1, overlay, Optional.of(before)));
    // when
    RecoveredOperation one = recovered();
    // then
    assertKept(one, State.LEFT, overlay);
    assertTrue(one.left().get(0).contains("its file system has another number"), one::toString);
    assertKept(recovered(), State.LEFT, overlay);
  }

  @Test
  void aLinkInTheOverlaysPlaceIsNotFollowed() throws IOException {
    // given: one to the very file whose number was written down, and one that was never made
    Path elsewhere = file("elsewhere");
    Path link = Files.createSymbolicLink(directory.resolve("overlay"), elsewhere);
    Path empty = Files.createFile(directory.resolve("empty"));
    Path planned = directory.resolve("planned");
    written(
        Phase.PREPARING,
        living(),
        false,
        false,
        disk(1, link, Optional.of(number(elsewhere))),
        disk(2, planned, Optional.empty()));
    Files.createSymbolicLink(planned, empty);
    // when
    RecoveredOperation one = recovered();
    // then
    assertKept(one, State.SETTLED, elsewhere);
    assertTrue(Files.exists(empty) && Files.isSymbolicLink(link) && Files.isSymbolicLink(planned));
  }

  @Test
  void anotherNameOfTheOverlayKeepsItsData() throws IOException {
    // given
    Path overlay = file("overlay");
    Path kept = Files.createLink(directory.resolve("kept"), overlay);
    written(Phase.PREPARING, gone(), false, false, disk(1, overlay, Optional.of(number(overlay))));
    // then
    assertKept(recovered(), State.SETTLED, kept);
    assertEquals("data", Files.readString(kept));
    assertFalse(Files.exists(overlay));
  }

  @Test
  void aRelativeNameIsNobodys() throws IOException {
    // given
    Path overlay = file("overlay");
    Path relative = Path.of("").toAbsolutePath().relativize(overlay);
    written(Phase.PREPARING, gone(), false, false, disk(1, relative, Optional.of(number(overlay))));
    // then
    assertKept(recovered(), State.SETTLED, overlay);
  }

  @Test
  void anOverlayThatIsLockedAsQemuDoesIsInUse() throws Exception {
    // given: a process that no monitor tells of
    Path overlay = file("overlay");
    written(Phase.PREPARING, gone(), false, false, disk(1, overlay, Optional.of(number(overlay))));
    Process holder = ImageHolder.start(overlay);
    try {
      assertEquals("held", holder.inputReader().readLine());
      // when
      RecoveredOperation one = recovered();
      // then
      assertKept(one, State.LEFT, overlay);
      assertTrue(one.left().get(0).contains("has it open"), one::toString);
    } finally {
      holder.destroyForcibly().waitFor();
    }
    assertEquals(State.SETTLED, recovered().state());
    assertFalse(Files.exists(overlay));
  }

  @Test
  void withoutTheBaseAnOverlayThatMayHaveBeenWrittenToIsKept() throws IOException {
    // given: the base is nowhere, and the machine ended in the hold
    Path overlay = file("overlay");
    written(Phase.HOLDING, gone(), false, false, disk(1, overlay, Optional.of(number(overlay))));
    // then
    assertKept(recovered(), State.LEFT, overlay);
  }

  private Path writtenJournal() throws IOException {
    Path overlay = file("overlay");
    written(Phase.PREPARING, gone(), false, false, disk(1, overlay, Optional.of(number(overlay))));
    return overlay;
  }

  @Test
  void aJournalFileThatIsALinkIsNotRead() throws IOException {
    // given
    Path overlay = writtenJournal();
    Path moved = Files.move(journal.fileOf(ID), directory.resolve("moved"));
    Files.createSymbolicLink(journal.fileOf(ID), moved);
    // when
    RecoveredOperation one = recovered();
    // then
    assertKept(one, State.LEFT, overlay);
    assertTrue(one.left().get(0).contains("is no regular file"), one::toString);
    assertTrue(Files.exists(moved));
  }

  @Test
  void aJournalFileThatOthersMayWriteIsNotRead() throws IOException {
    // given
    Path overlay = writtenJournal();
    Files.setPosixFilePermissions(journal.fileOf(ID), PosixFilePermissions.fromString("rw-rw----"));
    // then
    RecoveredOperation one = recovered();
    assertKept(one, State.LEFT, overlay);
    assertTrue(one.left().get(0).contains("may be written by others"), one::toString);
  }

  @Test
  void aJournalFileOfAnotherUserIsNotRead() throws IOException {
    // given
    Path overlay = writtenJournal();
    boolean root = Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    Assumptions.assumeTrue(root, "only root can give a file away");
    Files.setAttribute(journal.fileOf(ID), "unix:uid", NOBODY);
    // then
    RecoveredOperation one = recovered();
    assertKept(one, State.LEFT, overlay);
    assertTrue(one.left().get(0).contains("belongs to the user"), one::toString);
  }

  @Test
  void aDirectoryThatOthersMayWriteIsNeitherReadNorWritten() throws IOException {
    // given
    Path overlay = writtenJournal();
    Path operations = directory.resolve("state").resolve("operations");
    Files.setPosixFilePermissions(operations, PosixFilePermissions.fromString("rwxrwxrwx"));
    // then
    assertThrows(UncheckedIOException.class, () -> Recovery.of(journal).run());
    assertThrows(
        UncheckedIOException.class, () -> writtenAt("cafe0002", Instant.now(), Phase.RESERVING));
    assertTrue(Files.exists(overlay));
    assertFalse(Files.exists(journal.fileOf("cafe0002")));
  }
}
