package dev.stillpoint.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.stillpoint.core.disk.SelectedDisk;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

/** Disks and durations as they are written in arguments. */
class ArgumentTextTest {
  @Test
  void aDiskByItsNameAlone() {
    assertEquals(SelectedDisk.named("virtio0"), new DiskText().convert("virtio0"));
  }

  @Test
  void aDiskWithItsMethodAndOverlay() {
    assertEquals(
        SelectedDisk.named("vda").withMethod("qemu").withOverlay(Path.of("/images/new.qcow2")),
        new DiskText().convert("vda,overlay=/images/new.qcow2,method=qemu"));
  }

  @Test
  void twoCommasAreOneOfTheNameOrPath() {
    assertEquals(
        SelectedDisk.named("/images/a,b.qcow2").withOverlay(Path.of("/images/c,,d")),
        new DiskText().convert("/images/a,,b.qcow2,overlay=/images/c,,,,d"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",", "vda,", "vda,b", "vda,overlay=", "vda,overlay=a,overlay=b"})
  void whatIsNoDisk(String text) {
    assertThrows(TypeConversionException.class, () -> new DiskText().convert(text));
  }

  @ParameterizedTest
  @CsvSource({"500ms,PT0.5S", "5s,PT5S", "2m,PT2M", "24h,PT24H"})
  void durations(String text, Duration expected) {
    assertEquals(expected, new DurationText().convert(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "-5s", "5 s", "s", "0ms", "1.5s", "1441m", "9999999999s", "5S"})
  void whatIsNoDuration(String text) {
    assertThrows(TypeConversionException.class, () -> new DurationText().convert(text));
  }
}
