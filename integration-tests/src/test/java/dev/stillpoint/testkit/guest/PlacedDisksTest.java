package dev.stillpoint.testkit.guest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.testkit.guest.GuestDisk.FileSystem;
import dev.stillpoint.testkit.storage.LoopMount;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlacedDisksTest {
  private static final long SIZE = 640L << 20;

  @Test
  void aWarmClonesDiskLiesWhereATestWantsIt() throws Exception {
    // given
    WarmGuest warm = WarmGuest.of(GuestConfig.of(GuestDisk.of(FileSystem.EXT4).raw()));
    try (LoopMount btrfs = LoopMount.btrfs(SIZE)) {
      // when
      try (Guest guest = warm.startWith(Map.of(0, new DiskPlace.Directory(btrfs.path())))) {
        // then it runs on the image there
        assertEquals(btrfs.path().resolve("disk0.raw"), guest.images().get(0));
        assertTrue(guest.awaitNextAck(Duration.ofSeconds(20)) > 0);
      }
      // and that is there still when the guest has gone
      assertTrue(Files.exists(btrfs.path().resolve("disk0.raw")));
    }
  }
}
