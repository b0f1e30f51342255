package dev.stillpoint.backends.lvm;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SnapshotSizeTest {
  private static final long MIB = 1L << 20;

  private static Volume volume(long bytes) {
    return new Volume(
        "vg",
        "lv",
        bytes,
        '-',
        true,
        "",
        "",
        Optional.empty(),
        Optional.empty(),
        false,
        false,
        "",
        Set.of(),
        Instant.EPOCH,
        0,
        4 * MIB);
  }

  @ParameterizedTest
  @CsvSource({"512m,536870912,false", "2G,2147483648,false", "1k,1024,false", "20%,20,true"})
  void sizesAreRead(String text, long amount, boolean percent) {
    assertEquals(Optional.of(new SnapshotSize(amount, percent)), SnapshotSize.parse(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0m", "101%", "-1g", "1", "1p", "1 g", "999999999999t"})
  void whatIsNoSizeIsNone(String text) {
    assertEquals(Optional.empty(), SnapshotSize.parse(text));
  }

  @Test
  void aSnapshotAsLargeAsItsOriginNeedsMoreThanThat() {
    assertEquals(6, SnapshotSize.ALL.extentsFor(volume(16 * MIB)));
  }

  @Test
  void aSmallerOneIsRoundedUpAndNeverLargerThanCanBeUsed() {
    assertEquals(2, new SnapshotSize(5 * MIB, false).extentsFor(volume(16 * MIB)));
    assertEquals(1, new SnapshotSize(20, true).extentsFor(volume(16 * MIB)));
    assertEquals(6, new SnapshotSize(1L << 40, false).extentsFor(volume(16 * MIB)));
  }
}
