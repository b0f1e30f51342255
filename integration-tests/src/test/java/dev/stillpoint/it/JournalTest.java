package dev.stillpoint.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.Inventory.Belonging;
import dev.stillpoint.core.spi.Inventory.FileNumber;
import dev.stillpoint.core.spi.Inventory.Kind;
import dev.stillpoint.core.spi.Journal;
import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a real operation writes down, and what is found after our process was killed. */
@Timeout(180)
class JournalTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private Path directory;

  /** The overlays of an entry as they are on the disk at the moment when it is written. */
  private record Seen(Phase phase, List<Optional<FileNumber>> written, List<Long> sizes) {}

  @Test
  void filesAreWrittenDownByNumberWhileTheyAreStillEmpty() {
    try (Machine machine = Machine.threeDisks()) {
      // given
      List<Seen> seen = new ArrayList<>();
      List<JournalEntry> entries = new ArrayList<>();
      JournalDirectory journal = JournalDirectory.in(directory);
      Journal watched =
          entry -> {
            seen.add(look(entry));
            entries.add(entry);
            journal.write(entry);
          };
      // when
      SnapshotResult result =
          machine.take(SnapshotRequest.named("nightly"), engine -> engine.journal(watched));
      // then
      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(
          List.of(Phase.RESERVING, Phase.PREPARING, Phase.HOLDING, Phase.RELEASED, Phase.ENDED),
          seen.stream().map(Seen::phase).toList());
      assertEquals(List.of(), seen.get(0).sizes());
      assertEquals(List.of(0L, 0L, 0L), seen.get(1).sizes());
      assertTrue(seen.get(2).sizes().stream().allMatch(size -> size > 0), seen::toString);
      assertEquals(numbers(entries.get(1)), seen.get(1).written());
      assertEquals(numbers(entries.get(1)), numbers(entries.get(3)));
      assertTrue(entries.get(2).machine().incarnation().isPresent(), entries::toString);
      assertEquals(List.of(), journal.operations());
      machine.assertWritesOn();
    }
  }

  @Test
  void aSnapshotThatCannotBeWrittenDownMakesNothing() throws IOException {
    // given
    Path file = Files.createFile(directory.resolve("file"));
    try (Machine machine = Machine.threeDisks()) {
      // when
      SnapshotResult result =
          machine.take(
              SnapshotRequest.named("nightly"),
              engine -> engine.journal(JournalDirectory.in(file)));
      // then
      machine.assertRefused(result, ErrorCode.JOURNAL_FAILED, "cannot be written");
    }
  }

  @Test
  void afterAKillTheJournalSaysThatAThawIsOwed() throws Exception {
    // given
    Path holding = directory.resolve("holding");
    Path state = directory.resolve("state");
    try (Guest guest = WarmGuest.start(GuestConfig.threeDisks());
        var process =
            CommandLineProcess.start(
                CommandLineProcess.Way.CLASS_PATH,
                directory,
                "freeze",
                "--qga",
                guest.agent().toString(),
                "--state-dir",
                state.toString(),
                "--for",
                "10m",
                "--",
                "sh",
                "-c",
                "touch '" + holding + "'; while [ -d /proc/$PPID ]; do sleep 0.2; done")) {
      await().atMost(PATIENCE).until(() -> Files.exists(holding));
      // when
      process.kill();
      // then
      JournalEntry entry = JournalDirectory.in(state).operations().get(0).last().orElseThrow();
      assertEquals(Phase.HOLDING, entry.phase());
      assertTrue(entry.thawOwed());
      assertFalse(entry.isSettled());
    }
  }

  private static Seen look(JournalEntry entry) {
    List<Optional<FileNumber>> written = new ArrayList<>();
    List<Long> sizes = new ArrayList<>();
    for (Belonging file : files(entry)) {
      Path path = Path.of(file.name());
      try {
        if (Files.exists(path)) {
          sizes.add(Files.size(path));
          written.add(
              Optional.of(
                  new FileNumber(
                      ((Number) Files.getAttribute(path, "unix:dev")).longValue(),
                      ((Number) Files.getAttribute(path, "unix:ino")).longValue())));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return new Seen(entry.phase(), written, sizes);
  }

  private static List<Optional<FileNumber>> numbers(JournalEntry entry) {
    return files(entry).stream().map(Belonging::file).toList();
  }

  private static List<Belonging> files(JournalEntry entry) {
    return entry.disks().stream()
        .flatMap(disk -> disk.belongings().stream())
        .filter(one -> one.kind() == Kind.FILE)
        .toList();
  }
}
