package dev.stillpoint.backends.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Failure;
import dev.stillpoint.core.snapshot.GuestState;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.FileNumber;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.JournalEntry.Ending;
import dev.stillpoint.core.spi.MachineIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written down is found again, whatever a crash did to the end of it. */
class JournalDirectoryTest {
  private static final String ID = "1a2b3c4d";
  private static final MachineIdentity MACHINE =
      new MachineIdentity(
          Optional.of("unix:/run/vm \"ü\"/qmp"),
          Optional.of("unix:/run/vm/qga"),
          Optional.of("77@123/boot"),
          Optional.empty());

  @TempDir private Path state;

  private static JournalEntry entry(Journal.Phase phase) {
    Inventory disk =
        new Inventory(
            "vda",
            "qemu",
            "prepared",
            "/images/a.qcow2",
            Optional.of("#block1"),
            Map.of(),
            List.of(
                new Belonging(
                    Kind.FILE,
                    "overlay",
                    "/images/a.n.qcow2",
                    Optional.of(new FileNumber(2049, Long.MAX_VALUE))),
                new Belonging(Kind.NODE, "overlay", "sp-1a2b3c4d-1-overlay", Optional.empty())));
    return new JournalEntry(
        ID,
        "snapshot",
        "nightly",
        phase,
        Instant.parse("2026-01-02T03:04:05.678Z"),
        Instant.parse("2026-01-02T03:04:35Z"),
        MACHINE,
        List.of(disk),
        phase == Journal.Phase.HOLDING,
        false,
        Optional.empty());
  }

  private static JournalEntry ended(GuestState guest, boolean thawOwed, boolean left) {
    JournalEntry before = entry(Journal.Phase.ENDED);
    return new JournalEntry(
        ID,
        "snapshot",
        "nightly",
        Journal.Phase.ENDED,
        before.at(),
        before.deadline(),
        MACHINE,
        left ? before.disks() : List.of(before.disks().get(0).emptied()),
        thawOwed,
        false,
        Optional.of(
            new Ending(
                Outcome.FAILED,
                guest,
                Optional.of(Failure.ofDisk(ErrorCode.CUT_FAILED, "a \"line\"\nbreak", "vda")))));
  }

  private JournalDirectory journal() {
    return JournalDirectory.in(state);
  }

  private JournalFile only() {
    List<JournalFile> all = journal().operations();
    assertEquals(1, all.size());
    return all.get(0);
  }

  @Test
  void aSecretInTheNameOfAnImageIsNotWrittenAndNotReadFromAnOlderEntry() throws IOException {
    // given an entry as an older version has written it
    JournalDirectory journal = journal();
    journal.write(entry(Journal.Phase.PREPARING));
    String older =
        EntryJson.write(entry(Journal.Phase.PREPARING))
            .replace("/images/a.qcow2", "rbd:pool/image:key=HUSH");
    Files.writeString(
        journal.fileOf(ID), CheckedLine.seal(older) + "\n", StandardOpenOption.APPEND);
    // when
    JournalEntry read = only().last().orElseThrow();
    journal.write(read);
    // then
    assertEquals("rbd:pool/image:key=(secret)", read.disks().get(0).source());
    assertFalse(EntryJson.write(read).contains("HUSH"));
    assertEquals(Optional.of(read), only().last());
  }

  @Test
  void theLastEntryStandsAndReadsAsItWasWritten() {
    // given
    JournalDirectory journal = journal();
    // when
    for (Journal.Phase phase : List.of(Journal.Phase.RESERVING, Journal.Phase.HOLDING)) {
      journal.write(entry(phase));
    }
    journal.write(ended(GuestState.MAYBE_FROZEN, true, true));
    // then
    JournalFile file = only();
    assertEquals(Optional.of(ended(GuestState.MAYBE_FROZEN, true, true)), file.last());
    assertEquals(0, file.damaged());
    assertEquals(journal.fileOf(ID), file.path());
  }

  @Test
  void wheneverAWriteIsTornTheLastWholeEntryStands() throws IOException {
    // given
    JournalDirectory journal = journal();
    journal.write(entry(Journal.Phase.RESERVING));
    byte[] one = Files.readAllBytes(journal.fileOf(ID));
    journal.write(entry(Journal.Phase.HOLDING));
    byte[] two = Files.readAllBytes(journal.fileOf(ID));
    for (int length = 0; length < two.length; length++) {
      // when
      Files.write(journal.fileOf(ID), Arrays.copyOf(two, length));
      // then: whole is what lacks the line's end at most
      Optional<Journal.Phase> expected =
          length < one.length - 1
              ? Optional.empty()
              : Optional.of(
                  length < two.length - 1 ? Journal.Phase.RESERVING : Journal.Phase.HOLDING);
      assertEquals(expected, only().last().map(JournalEntry::phase), "cut at " + length);
    }
  }

  @Test
  void whatIsWrittenAfterATornLineStands() throws IOException {
    // given
    JournalDirectory journal = journal();
    journal.write(entry(Journal.Phase.RESERVING));
    Files.writeString(journal.fileOf(ID), "{\"stillpointJour", StandardOpenOption.APPEND);
    // when
    journal.write(entry(Journal.Phase.HOLDING));
    // then
    assertEquals(Optional.of(entry(Journal.Phase.HOLDING)), only().last());
    assertEquals(1, only().damaged());
  }

  @Test
  void aChangedByteIsNotBelieved() throws IOException {
    // given
    journal().write(entry(Journal.Phase.HOLDING));
    String text = Files.readString(journal().fileOf(ID));
    // when
    Files.writeString(journal().fileOf(ID), text.replace("\"thawOwed\":true", "\"thawOwed\":null"));
    // then
    assertEquals(Optional.empty(), only().last());
    assertEquals(1, only().damaged());
  }

  @Test
  void anotherVersionIsSeenAndNotTakenForOurs() throws IOException {
    // given
    journal().write(entry(Journal.Phase.HOLDING));
    String other =
        EntryJson.write(entry(Journal.Phase.HOLDING)).replace("Journal\":1", "Journal\":2");
    // when
    Files.writeString(journal().fileOf(ID), CheckedLine.seal(other) + "\n");
    // then
    assertEquals(Optional.empty(), only().last());
    assertEquals(1, only().damaged());
  }

  @Test
  void anEndThatOwesNothingLeavesNothing() throws IOException {
    // given
    JournalDirectory journal = journal();
    journal.write(entry(Journal.Phase.HOLDING));
    // when
    journal.write(ended(GuestState.THAWED, false, false));
    // then
    assertFalse(Files.exists(journal.fileOf(ID)));
    assertEquals(List.of(), journal.operations());
  }

  @Test
  void anEndThatLeavesAnythingStaysWrittenDown() {
    for (JournalEntry end :
        List.of(
            ended(GuestState.MAYBE_FROZEN, true, false), ended(GuestState.THAWED, false, true))) {
      journal().write(entry(Journal.Phase.HOLDING));
      journal().write(end);

      assertEquals(Optional.of(end), only().last());
    }
  }

  @Test
  void anEndOfWhatNeverBeganMakesNoDirectory() {
    journal().write(ended(GuestState.NEVER_FROZEN, false, false));

    assertFalse(Files.exists(state.resolve("operations")));
    assertEquals(List.of(), journal().operations());
  }

  @Test
  void aPersonReadsItAndNobodyElse() throws IOException {
    // when
    journal().write(entry(Journal.Phase.HOLDING));
    // then
    Path file = journal().fileOf(ID);
    String text = Files.readString(file, StandardCharsets.UTF_8);
    assertTrue(text.startsWith("{\"stillpointJournal\":1,\"operation\":\"1a2b3c4d\""), text);
    assertTrue(text.contains("\"phase\":\"holding\""), text);
    assertTrue(text.contains("\"device\":2049,\"inode\":9223372036854775807"), text);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertEquals(
        "rwx------",
        PosixFilePermissions.toString(Files.getPosixFilePermissions(state.resolve("operations"))));
  }

  @Test
  void aFullDiskIsAFailure() throws IOException {
    // given
    Files.createDirectory(state.resolve("operations"));
    Files.createSymbolicLink(journal().fileOf(ID), Path.of("/dev/full"));
    // then
    assertThrows(UncheckedIOException.class, () -> journal().write(entry(Journal.Phase.RESERVING)));
  }

  @Test
  void aStateDirectoryThatCannotBeMadeIsAFailureThatNamesTheFile() throws IOException {
    // given
    JournalDirectory journal = JournalDirectory.in(Files.createFile(state.resolve("file")));
    // then
    var failure =
        assertThrows(
            UncheckedIOException.class, () -> journal.write(entry(Journal.Phase.RESERVING)));
    assertTrue(String.valueOf(failure.getMessage()).contains("1a2b3c4d.jsonl"), failure::toString);
  }

  @Test
  void onlyAnIdBecomesAFile() {
    assertThrows(IllegalArgumentException.class, () -> journal().fileOf("../../etc/x"));
  }

  @Test
  void theStandardPlaceIsTheSystemsOrTheUsers() {
    assertEquals(
        Path.of("/var/lib/stillpoint"),
        StateDirectory.standard("root", "/root", Map.of("XDG_STATE_HOME", "/x")));
    assertEquals(
        Path.of("/x/stillpoint"),
        StateDirectory.standard("me", "/home/me", Map.of("XDG_STATE_HOME", "/x")));
    assertEquals(
        Path.of("/home/me/.local/state/stillpoint"),
        StateDirectory.standard("me", "/home/me", Map.of("XDG_STATE_HOME", "relative")));
  }
}
