package dev.stillpoint.backends.qemu.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an image says of itself, by {@code qemu-img} and where that is not installed. */
class ImageProbeTest {
  private static final int BACKING_NAME = 512;

  @TempDir private Path directory;

  @Test
  void whatQemuImgSaysIsRead() throws IOException {
    // when
    ImageProbe probe =
        ImageProbe.parse(
            """
            {"virtual-size": 1, "filename": "/vm/a", "format": "qcow2",
             "backing-filename": "b", "full-backing-filename": "/vm/b",
             "backing-filename-format": "raw",
             "format-specific": {"type": "qcow2", "data": {"data-file": "a.data"}}}\
            """);
    // then
    assertEquals(
        new ImageProbe(
            "qcow2",
            Optional.of("/vm/b"),
            Optional.of("raw"),
            Optional.of("a.data"),
            Optional.empty()),
        probe);
  }

  @Test
  void whatIsNoJsonIsAnError() {
    // when, then
    assertThrows(IOException.class, () -> ImageProbe.parse("{\"format\": "));
  }

  @Test
  void withoutQemuImgTheHeaderOfAQcow2IsReadAndTheRestIsTold() throws IOException {
    // given
    ByteBuffer header = ByteBuffer.allocate(1024);
    header.putInt(0, 0x514649fb).putInt(4, 3).putLong(8, BACKING_NAME).putInt(16, 4);
    header.putInt(100, 104).put(BACKING_NAME, "base".getBytes(StandardCharsets.UTF_8));
    Path image = Files.write(directory.resolve("image"), header.array());
    Path other = Files.write(directory.resolve("other"), new byte[1024]);
    // when
    ImageProbe probe = ImageProbe.read(Optional.empty(), image, Optional.empty());
    ImageProbe unknown = ImageProbe.read(Optional.empty(), other, Optional.empty());
    // then
    assertEquals("qcow2", probe.format());
    assertEquals(Optional.of("base"), probe.backing());
    assertTrue(probe.note().orElseThrow().contains("qemu-img is not installed"));
    assertEquals("unknown", unknown.format());
  }
}
