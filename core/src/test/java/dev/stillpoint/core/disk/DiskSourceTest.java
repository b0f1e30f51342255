package dev.stillpoint.core.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sources that are known by an address, which is written down and read again. */
class DiskSourceTest {
  @Test
  void theAddressOfAnImageOfRbdNamesAllItsParts() {
    assertEquals(
        new DiskSource.Rbd("p", Optional.of("n"), "i", Optional.of("a@b/c"), "raw"),
        DiskSource.Rbd.at("p/n/i@a@b/c", "raw"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"p/i", "p/i@s", "p/n/i", "p/n/i@s/t"})
  void anImageOfRbdIsFoundAgainByItsAddress(String address) {
    assertEquals(address, DiskSource.Rbd.at(address, "raw").address());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "i", "/i", "p/", "p//i", "p/i@", "@s", "a/b/c/d", "i@a/b"})
  void whatIsNoImageOfRbdIsRefused(String address) {
    assertThrows(IllegalArgumentException.class, () -> DiskSource.Rbd.at(address, "raw"));
  }

  @Test
  void aVolumeOfAPoolIsFoundAgainByItsAddress() {
    // given
    var volume = new DiskSource.Pooled("fast", "a/b c.qcow2", "qcow2");
    // then
    assertEquals(volume, DiskSource.Pooled.at(volume.address(), "qcow2"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "p", "/v", "p/"})
  void whatIsNoVolumeOfAPoolIsRefused(String address) {
    assertThrows(IllegalArgumentException.class, () -> DiskSource.Pooled.at(address, "raw"));
  }
}
