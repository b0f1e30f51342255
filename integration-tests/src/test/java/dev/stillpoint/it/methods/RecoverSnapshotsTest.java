package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.RecoveredOperation;
import dev.stillpoint.backends.Recovery;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.backends.reflink.ReflinkProvider;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.spi.Cut;
import dev.stillpoint.core.spi.CutOrder;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.Inventory;
import dev.stillpoint.core.spi.Journal.Phase;
import dev.stillpoint.core.spi.JournalEntry;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.MachineIdentity;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.testkit.storage.LoopMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code recover} makes of the snapshots of an operation whose process is no more. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RecoverSnapshotsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String ID = "00c0ffee";

  private final LoopMount mount = LoopMount.xfs(320L << 20);
  private final SnapshotMethod method = new ReflinkProvider().create(Services.none());

  @TempDir private Path state;
  private List<LocatedDisk> disks = List.of();
  private JournalDirectory journal = JournalDirectory.in(Path.of("unset"));

  @AfterAll
  void unmount() {
    mount.close();
  }

  @BeforeEach
  void makeDisks() throws IOException {
    try (Stream<Path> all = Files.list(mount.path())) {
      for (Path left : all.toList()) {
        Files.delete(left);
      }
    }
    disks =
        List.of(
            FileDisks.make(mount.path().resolve("one.raw"), "reflink", "one"),
            FileDisks.make(mount.path().resolve("two.raw"), "reflink", "two"));
    journal = JournalDirectory.in(Files.createTempDirectory(state, "state"));
  }

  private Set<String> left() throws IOException {
    return FileDisks.contents(mount.path(), Pattern.compile("(one|two)\\.raw"));
  }

  private static <T> T await(CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }

  private static Deadline soon() {
    return Deadline.after(PATIENCE);
  }

  private Cut prepared(List<LocatedDisk> chosen) {
    Cut cut = await(method.check(new CutOrder(ID, new SnapshotName("nightly"), chosen), soon()));
    await(cut.reserve(soon()));
    await(cut.prepare(soon()));
    return cut;
  }

  private RecoveredOperation recover(Phase phase, List<Inventory> inventory) {
    journal.write(
        new JournalEntry(
            ID,
            "snapshot",
            "nightly",
            phase,
            Instant.now(),
            Instant.now(),
            MachineIdentity.unknown(),
            inventory,
            false,
            false,
            Optional.empty()));
    // Its owner is gone: another object reads the file.
    List<RecoveredOperation> found = Recovery.of(JournalDirectory.in(journal.state())).run();
    assertEquals(1, found.size(), found::toString);
    return found.get(0);
  }

  @Test
  void aCutThatIsWholeIsHandedOver() throws IOException {
    // given
    Cut cut = prepared(disks);
    await(cut.cut(soon()));
    // when
    RecoveredOperation recovered = recover(Phase.HOLDING, cut.inventory());
    // then
    assertEquals(RecoveredOperation.State.SETTLED, recovered.state(), recovered::toString);
    assertEquals(2, recovered.disks().size(), recovered::toString);
    assertEquals("one", FileDisks.read(recovered.disks().get(0).backupSource()));
    assertTrue(journal.operations().isEmpty());
  }

  @Test
  void oneThatIsNotWholeIsRemoved() throws IOException {
    // given an operation on two disks, of which one was cut before its process ended
    List<Inventory> planned = prepared(disks).inventory();
    await(method.discard(ID, planned, soon()));
    Cut half = prepared(disks.subList(0, 1));
    await(half.cut(soon()));
    // when
    RecoveredOperation recovered = recover(Phase.HOLDING, planned);
    // then
    assertEquals(RecoveredOperation.State.SETTLED, recovered.state(), recovered::toString);
    assertEquals(List.of(), recovered.disks());
    assertEquals(Set.of(), left());
  }

  @Test
  void soIsWhatWasOnlyBegun() throws IOException {
    // given
    List<Inventory> planned = prepared(disks).inventory();
    assertEquals(2, left().size());
    // when
    RecoveredOperation recovered = recover(Phase.PREPARING, planned);
    // then
    assertEquals(RecoveredOperation.State.SETTLED, recovered.state(), recovered::toString);
    assertEquals(Set.of(), left());
  }

  @Test
  void soIsACutThatWasBeingTakenBack() throws IOException {
    // given
    Cut cut = prepared(disks);
    await(cut.cut(soon()));
    // when
    RecoveredOperation recovered = recover(Phase.UNDOING, cut.inventory());
    // then
    assertEquals(RecoveredOperation.State.SETTLED, recovered.state(), recovered::toString);
    assertEquals(List.of(), recovered.disks());
    assertEquals(Set.of(), left());
  }

  @Test
  void aMethodThatIsNotThereAnyMoreIsNamed() {
    // given
    Inventory known = prepared(disks.subList(0, 1)).inventory().get(0);
    var strange =
        new Inventory(
            known.disk(),
            "acme",
            known.way(),
            known.source(),
            known.node(),
            known.options(),
            known.belongings());
    // when
    RecoveredOperation recovered = recover(Phase.HOLDING, List.of(strange));
    // then
    assertEquals(RecoveredOperation.State.LEFT, recovered.state());
    assertTrue(recovered.left().toString().contains("acme is not installed"), recovered::toString);
  }
}
