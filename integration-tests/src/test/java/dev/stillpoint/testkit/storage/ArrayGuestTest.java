package dev.stillpoint.testkit.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.testkit.guest.Guest;
import dev.stillpoint.testkit.guest.GuestConfig;
import dev.stillpoint.testkit.guest.RemoteDisk;
import dev.stillpoint.testkit.guest.WarmGuest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArrayGuestTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final long MIB = 1L << 20;

  @TempDir private Path directory;

  @Test
  void keepsWhatIsWrittenAndServesASnapshotOfIt() throws IOException {
    try (ArrayGuest array = ArrayGuest.start()) {
      // given volumes of both kinds with a content
      array.createVolume("classic", 8 * MIB);
      array.createThinVolume("thin", 8 * MIB);
      for (String volume : new String[] {"classic", "thin"}) {
        RemoteDisk served = array.export(volume);
        array.fill(served, image("first"));

        // when a snapshot is made, and something else is written
        array.shell(
            volume.equals("thin")
                ? "lvcreate -q -s -kn -n thin.one vg/thin"
                : "lvcreate -q -s -L 12m -n classic.one vg/classic");
        array.fill(served, image("second"));
        array.unexport(served);

        // then each is read as it should be
        assertTrue(read(array, volume).startsWith("second"));
        assertTrue(read(array, volume + ".one").startsWith("first"));
      }
      assertEquals(
          Set.of("classic", "classic.one", "thin", "thin.one"), Set.copyOf(array.volumes()));
    }
  }

  @Test
  void aGuestWritesToAVolume() throws IOException {
    // given
    GuestConfig config = GuestConfig.of(ArrayGuest.disk());
    try (ArrayGuest array = ArrayGuest.start()) {
      array.createVolume("disk", ArrayGuest.disk().sizeBytes());

      // when
      try (Guest guest = WarmGuest.of(config).startWith(Map.of(0, array.placeOf("disk")))) {
        guest.awaitNextAck(LIMIT);
        guest.awaitNextAck(LIMIT);

        // then what it writes is seen through another door
        guest.shell("echo marked-by-the-test > /data0/mark; sync /data0/mark");
        Path copy = directory.resolve("copy");
        array.copy(array.exportReadOnly("disk"), copy);
        String bytes = new String(Files.readAllBytes(copy), StandardCharsets.ISO_8859_1);
        assertTrue(bytes.contains("marked-by-the-test"));
      }
    }
  }

  private Path image(String text) throws IOException {
    Path file = directory.resolve(text);
    byte[] bytes = new byte[(int) (8 * MIB)];
    byte[] beginning = text.getBytes(StandardCharsets.UTF_8);
    System.arraycopy(beginning, 0, bytes, 0, beginning.length);
    return Files.write(file, bytes);
  }

  private String read(ArrayGuest array, String volume) throws IOException {
    Path copy = directory.resolve(volume);
    RemoteDisk served = array.exportReadOnly(volume);
    array.copy(served, copy);
    array.unexport(served);
    return new String(Files.readAllBytes(copy), StandardCharsets.UTF_8);
  }
}
