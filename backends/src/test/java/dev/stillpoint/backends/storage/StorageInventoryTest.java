package dev.stillpoint.backends.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.stillpoint.core.disk.DiskSource;
import dev.stillpoint.core.disk.SelectedDisk;
import dev.stillpoint.core.spi.CutDisk;
import dev.stillpoint.core.spi.LocatedDisk;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is written down of a snapshot, and read again after a crash. */
class StorageInventoryTest {
  static Stream<DiskSource> sources() {
    return Stream.of(
        new DiskSource.File(Path.of("/vm/a.snap"), "qcow2"),
        new DiskSource.Device(Path.of("/dev/vg/lv.snap"), "raw"),
        new DiskSource.Rbd("p", Optional.of("n"), "i", Optional.of("nightly"), "raw"),
        new DiskSource.Pooled("fast", "a.qcow2", "qcow2"),
        new DiskSource.Internal(Path.of("/vm/a@b.qcow2"), "nightly", "qcow2"),
        new DiskSource.Remote("iscsi://array/7", "raw"));
  }

  @ParameterizedTest
  @MethodSource("sources")
  void aBackupSourceIsReadAsItWasWritten(DiskSource source) {
    // given
    var disk = new LocatedDisk(SelectedDisk.named("vda"), source, CutDisk.named("vda"));
    var planned = new PlannedSnapshot(disk, new StorageSnapshot("it", Map.of("of", "x")), source);
    // when
    var written = StorageInventory.of("any", planned, false);
    // then
    assertEquals(source, StorageInventory.result(written).backupSource());
    assertEquals(planned.snapshot(), StorageInventory.snapshot(written));
  }
}
