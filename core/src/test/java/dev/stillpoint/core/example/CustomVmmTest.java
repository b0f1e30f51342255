package dev.stillpoint.core.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.coordinator.SnapshotCoordinator;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A custom VMM takes a snapshot of its machine, and the guide tells the code that does it. */
@Timeout(30)
class CustomVmmTest {
  private static final Path GUIDE = Path.of("..", "docs", "embedding.md");
  private static final Path SOURCE =
      Path.of("src", "test", "java", "dev", "stillpoint", "core", "example", "CustomVmmTest.java");
  private static final String BEGIN = "    // guide: begin\n";
  private static final String END = "    // guide: end\n";
  private static final String BLOCK = "```java\n";

  /** One for all: whoever stops the toy machine must be the one who lets it go. */
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().factory());

  @TempDir private Path home;
  private List<Path> disks = List.of();

  @BeforeEach
  void makeDisks() throws IOException {
    disks = List.of(home.resolve("first"), home.resolve("second"));
    for (Path disk : disks) {
      Files.writeString(disk, "0");
    }
  }

  @AfterEach
  void endThread() {
    thread.shutdown();
  }

  private SnapshotResult example(CustomVmm machine, VmmQuiescer quiescer, Path first, Path second) {
    // guide: begin
    var coordinator =
        SnapshotCoordinator.builder()
            .quiescer(quiescer) // freezes and thaws the guest
            .pauser(new VmmPauser(machine, thread)) // for cuts that are not one instant
            .method(new CopyMethod()) // the first is the default
            .build();
    var request = SnapshotRequest.named("nightly").disk(first.toString()).disk(second.toString());

    SnapshotResult result = coordinator.start(request).result().toCompletableFuture().join();

    for (DiskSnapshot disk : result.disks()) {
      backUp(disk.backupSource().address());
    }
    return result; // tells failures too: outcome(), error(), guest()
    // guide: end
  }

  private void backUp(String path) {
    assertTrue(Files.exists(Path.of(path)), path);
  }

  /** Frozen as a whole, or not and paused: in both ways the guest cannot write between the two. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theDisksAreOneInstantThoughTheyAreCopiedOneAfterTheOther(boolean everyWriter)
      throws Exception {
    // given
    try (var machine = new CustomVmm(disks)) {
      var quiescer = new VmmQuiescer(machine, thread, everyWriter);
      // when
      SnapshotResult result = example(machine, quiescer, disks.get(0), disks.get(1));
      // then
      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
      assertEquals(everyWriter, result.paused().isZero(), result::toString);
      long first = Long.parseLong(Files.readString(home.resolve("first.nightly")));
      long second = Long.parseLong(Files.readString(home.resolve("second.nightly")));
      assertTrue(first == second || first == second + 1, first + " and " + second);
      long rounds = machine.rounds();
      while (machine.rounds() == rounds) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void aCopyThatExistsIsRefusedAndKept() throws Exception {
    // given
    Files.writeString(home.resolve("second.nightly"), "mine");
    try (var machine = new CustomVmm(disks)) {
      var quiescer = new VmmQuiescer(machine, thread, true);
      // when
      SnapshotResult result = example(machine, quiescer, disks.get(0), disks.get(1));
      // then
      assertEquals(ErrorCode.SNAPSHOT_EXISTS, result.error().orElseThrow().code());
      assertEquals("mine", Files.readString(home.resolve("second.nightly")));
      assertTrue(Files.notExists(home.resolve("first.nightly")));
    }
  }

  @Test
  void theGuideTellsThisCode() throws IOException {
    String code = between(Files.readString(SOURCE), BEGIN, END).replaceAll("(?m)^ {4}", "");

    assertEquals(code, between(Files.readString(GUIDE), BLOCK, "```"));
  }

  private static String between(String text, String begin, String end) {
    int from = text.indexOf("\n" + begin) + 1 + begin.length();
    assertTrue(from > begin.length(), "no " + begin.strip());
    int to = text.indexOf("\n" + end, from - 1) + 1;
    assertTrue(to > 0, "no " + end.strip());
    return text.substring(from, to);
  }
}
