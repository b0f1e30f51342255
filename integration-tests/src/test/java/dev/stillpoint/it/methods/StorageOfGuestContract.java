package dev.stillpoint.it.methods;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.SnapshotEngine;
import dev.stillpoint.backends.journal.JournalDirectory;
import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.snapshot.Consistency;
import dev.stillpoint.core.snapshot.DiskSnapshot;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.Outcome;
import dev.stillpoint.core.snapshot.Quiesce;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.core.snapshot.SnapshotName;
import dev.stillpoint.core.snapshot.SnapshotRequest;
import dev.stillpoint.core.snapshot.SnapshotResult;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.Deadline;
import dev.stillpoint.core.spi.LocatedDisk;
import dev.stillpoint.core.spi.Services;
import dev.stillpoint.core.spi.SnapshotMethod;
import dev.stillpoint.core.spi.StoredSnapshot;
import dev.stillpoint.qga.QgaClient;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.DiskPlace;
import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.GuestDisk;
import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.guest.WarmGuest;
import dev.stillpoint.testkit.oracle.Finding;
import dev.stillpoint.testkit.oracle.FrozenImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a method of a storage has to do for a real machine: a guest with writer and agent, whose one
 * disk, a raw ext4, lies on that storage. Extend it with the storage.
 */
public abstract class StorageOfGuestContract {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final SnapshotName NIGHTLY = new SnapshotName("nightly");

  @TempDir Path state;

  /** For those who extend it. */
  protected StorageOfGuestContract() {}

  /** The machine's disk, a raw ext4; the same for most of them, so that they share a warm state. */
  protected GuestDisk disk() {
    return GuestDisk.of(FileSystem.EXT4).raw();
  }

  /** Where the disk is to lie. Called once a test. */
  protected abstract DiskPlace place() throws Exception;

  /** The method; a new object each time. */
  protected abstract SnapshotMethod newMethod();

  /** Where the disk lies, as this host names it. */
  protected DiskSource source(Guest guest) {
    return new DiskSource.File(guest.images().get(0), "raw");
  }

  /** What the caller says of the disk beside its method. */
  protected Map<String, String> options() {
    return Map.of();
  }

  /** Lets go of the disk what served it to the machine, before anything is reverted. */
  protected void machineHasEnded() {}

  /** What the storage holds beside the disk. */
  protected abstract Set<String> contents() throws Exception;

  /** The whole content of a disk or a backup, as a digest. */
  protected String hash(DiskSource source) throws Exception {
    var digest = MessageDigest.getInstance("SHA-256");
    try (var in = Files.newInputStream(FileDisks.file(source))) {
      byte[] block = new byte[1 << 20];
      for (int n = in.read(block); n >= 0; n = in.read(block)) {
        digest.update(block, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** A copy of the backup, to be judged. */
  protected FrozenImage copy(DiskSource backup) throws Exception {
    return FrozenImage.of(FileDisks.file(backup), backup.format());
  }

  /** Whether writers are kept from the backup. */
  protected abstract boolean isReadOnly(DiskSource backup) throws Exception;

  @Test
  void aWritingGuestIsCutRevertedAndLeavesNothing() throws Exception {
    // given
    WarmGuest warm = WarmGuest.of(GuestConfig.of(disk()));
    LocatedDisk disk;
    Set<String> before;
    DiskSnapshot snapshot;
    String point;
    long acknowledged;
    try (Guest guest = warm.startWith(Map.of(0, place()))) {
      disk = located(guest);
      before = contents();
      acknowledged = guest.awaitNextAck(PATIENCE);
      // when
      SnapshotResult result = take(guest, disk.selected());
      // then
      assertEquals(Outcome.SUCCEEDED, result.outcome(), result::toString);
      assertEquals(Consistency.FILESYSTEM, result.consistency(), result::toString);
      snapshot = result.disks().get(0);
      assertEquals(Optional.empty(), snapshot.modifiedDisk());
      point = hash(snapshot.backupSource());
      guest.awaitNextAck(PATIENCE);
      guest.awaitNextAck(PATIENCE);
      assertRefusedInUse(disk);
      guest.quit();
    }
    assertEquals(point, hash(snapshot.backupSource()));
    assertTrue(isReadOnly(snapshot.backupSource()), snapshot::toString);
    assertClean(snapshot.backupSource(), acknowledged);
    assertTrue(!point.equals(hash(disk.source())), "the guest wrote on");
    // and when the machine has ended
    machineHasEnded();
    SnapshotMethod method = newMethod();
    List<StoredSnapshot> stored = await(method.list(disk, deadline()));
    assertEquals(List.of("nightly"), stored.stream().map(StoredSnapshot::name).toList());
    await(method.revert(disk, NIGHTLY, deadline()));
    assertEquals(point, hash(disk.source()));
    assertEquals(point, hash(snapshot.backupSource()));
    await(method.delete(disk, NIGHTLY, deadline()));
    assertEquals(before, contents());
    assertEquals(point, hash(disk.source()));
  }

  /** While the machine writes to it. */
  private void assertRefusedInUse(LocatedDisk disk) {
    var refused =
        assertThrows(
            CompletionException.class, () -> await(newMethod().revert(disk, NIGHTLY, deadline())));
    ErrorCode code = SnapshotException.failureOf(refused, ErrorCode.INTERNAL).code();
    assertEquals(ErrorCode.DISK_IN_USE, code, refused::toString);
  }

  private void assertClean(DiskSource backup, long acknowledged) throws Exception {
    try (FrozenImage image = copy(backup)) {
      Finding clean = image.ext4();
      assertTrue(clean.good(), clean::toString);
      assertTrue(image.ext4Sequence() >= acknowledged);
    }
  }

  private LocatedDisk located(Guest guest) {
    SelectedDisk selected = SelectedDisk.named("vd0").withMethod(newMethod().name());
    for (Map.Entry<String, String> option : options().entrySet()) {
      selected = selected.withOption(option.getKey(), option.getValue());
    }
    return new LocatedDisk(selected, source(guest), CutDisk.named("vd0"));
  }

  private SnapshotResult take(Guest guest, SelectedDisk disk) throws IOException {
    try (QmpClient monitor = QmpClient.connect(Endpoint.unix(guest.qmp())).join();
        QgaClient agent =
            QgaClient.connect(Endpoint.unix(AgentSafety.require(guest.agent()))).join()) {
      SnapshotEngine engine =
          SnapshotEngine.builder()
              .monitor(monitor)
              .agent(agent)
              .services(services())
              .journal(JournalDirectory.in(state))
              .build();
      SnapshotRequest request =
          SnapshotRequest.named(NIGHTLY.text()).disk(disk).quiesce(Quiesce.REQUIRE);
      return engine.start(request).result().toCompletableFuture().join();
    }
  }

  /** What the installed method is to use. */
  protected Services services() {
    return Services.none();
  }

  private static Deadline deadline() {
    return Deadline.after(PATIENCE);
  }

  private static <T> T await(java.util.concurrent.CompletionStage<T> stage) {
    return stage.toCompletableFuture().join();
  }
}
