package dev.stillpoint.backends.qemu.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code qemu-img} finds in an image that it has not made. */
@Timeout(60)
class EmptyQcow2Test {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path home;

  private String run(String... command) throws IOException {
    Process process =
        new ProcessBuilder(command).directory(home.toFile()).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      assertEquals(0, process.waitFor(), () -> Arrays.toString(command) + ": " + said);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return said;
  }

  private Path written(EmptyQcow2 content) throws IOException {
    Path file = home.resolve("overlay.qcow2");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      content.write(channel);
    }
    return file;
  }

  private JsonNode info(Path image) throws IOException {
    return MAPPER.readTree(run("qemu-img", "info", "--output=json", image.toString()));
  }

  /** Of one cluster of entries at most, of several, and the largest that QEMU opens. */
  @ParameterizedTest
  @ValueSource(
      longs = {
        0,
        512,
        1 << 20,
        512L << 20,
        (512L << 20) + 512,
        4L << 40,
        (4L << 40) + 512,
        2L << 50
      })
  void itIsWhatQemuImgWouldMake(long size) throws IOException {
    // given
    run("qemu-img", "create", "-q", "-f", "raw", "base", "1M");
    Path base = home.resolve("base");
    run(
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-u",
        "-b",
        base.toString(),
        "-F",
        "raw",
        "theirs",
        Long.toString(size));
    // when
    Path overlay = written(new EmptyQcow2(size, base.toString(), "raw"));
    // then
    JsonNode ours = info(overlay);
    JsonNode theirs = info(home.resolve("theirs"));
    for (String member :
        List.of("virtual-size", "cluster-size", "backing-filename", "backing-filename-format")) {
      assertEquals(theirs.path(member), ours.path(member), member);
    }
    assertEquals(theirs.path("format-specific"), ours.path("format-specific"));
    assertTrue(run("qemu-img", "check", overlay.toString()).contains("No errors were found"));
    assertEquals(Optional.of(base.toString()), Qcow2Header.read(overlay).backingFile());
    assertEquals(Optional.of("raw"), Qcow2Header.read(overlay).backingFormat());
  }

  @Test
  void itReadsFromBelowAndKeepsWhatIsWritten() throws IOException {
    // given
    run("qemu-img", "create", "-q", "-f", "raw", "base", "1G");
    run("qemu-io", "-f", "raw", "-c", "write -q -P 1 0 1M", "base");
    Path base = home.resolve("base");
    Path overlay = written(new EmptyQcow2(1 << 30, base.toString(), "raw"));
    // when
    run("qemu-io", "-f", "qcow2", "-c", "write -q -P 2 64k 3M", overlay.toString());
    run("qemu-io", "-f", "qcow2", "-c", "write -q -P 3 1023M 1M", overlay.toString());
    // then
    for (String read : List.of("-P 1 0 64k", "-P 2 64k 3M", "-P 0 4M 1019M", "-P 3 1023M 1M")) {
      run("qemu-io", "-r", "-f", "qcow2", "-c", "read -q " + read, overlay.toString());
    }
    run("qemu-io", "-r", "-f", "raw", "-c", "read -q -P 1 0 1M", base.toString());
    run("qemu-img", "check", "-q", overlay.toString());
  }

  /** Names and formats of every length come back as they are, to the longest. */
  @ParameterizedTest
  @ValueSource(ints = {1, 7, 8, 9, 500, 1023})
  void theNameOfTheBackingFileIsToTheLetter(int length) throws IOException {
    // given
    String name = "/" + "\u00e9".repeat((length - 1) / 2) + "x".repeat((length - 1) % 2);
    for (String format : List.of("raw", "qcow2", "vmdk", "parallels", "fifteen-letters")) {
      // when
      Path overlay = written(new EmptyQcow2(1 << 20, name, format));
      // then
      assertEquals(
          new Qcow2Header(Optional.of(name), Optional.of(format), 0), Qcow2Header.read(overlay));
      assertEquals(name, info(overlay).path("backing-filename").asText());
      Files.delete(overlay);
    }
  }

  @Test
  void whatTheFormatCannotSayIsRefused() throws IOException {
    // given
    Path file = Files.createFile(home.resolve("overlay.qcow2"));
    var tooLong = new EmptyQcow2(512, "/" + "x".repeat(1023), "raw");
    var tooOdd = new EmptyQcow2(512, "/base", "sixteen--letters");
    var tooLarge = new EmptyQcow2((2L << 50) + 512, "/base", "raw");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      // when
      String name = assertThrows(IOException.class, () -> tooLong.write(channel)).getMessage();
      String format = assertThrows(IOException.class, () -> tooOdd.write(channel)).getMessage();
      String size = assertThrows(IOException.class, () -> tooLarge.write(channel)).getMessage();
      // then
      assertEquals("the name of its backing file has 1024 bytes, and a qcow2 can say 1023", name);
      assertEquals("'sixteen--letters' is no format that QEMU knows for a backing file", format);
      assertEquals("a disk of 2251799813685760 bytes is too large for a qcow2", size);
    }
    assertEquals(0, Files.size(file));
  }

  @Test
  void whatSomebodyHasWrittenIsNotOverwritten() throws IOException {
    // given
    Path file = Files.writeString(home.resolve("overlay.qcow2"), "theirs");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      // when
      assertThrows(IOException.class, () -> new EmptyQcow2(512, "/b", "raw").write(channel));
    }
    // then
    assertEquals("theirs", Files.readString(file));
  }
}
