package dev.stillpoint.backends.zfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.stillpoint.backends.host.LocalPrograms;
import dev.stillpoint.backends.host.Mounts;
import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of another machine, for which this host stands: they must be seen as our own are. */
class FarFilesTest {
  private static final Deadline DEADLINE = Deadline.after(Duration.ofMinutes(1));

  @TempDir private Path directory = Path.of("");
  private final FarFiles files = new FarFiles(new LocalPrograms());

  @BeforeEach
  void resolve() throws IOException {
    directory = directory.toRealPath();
  }

  @Test
  void aFileIsWhereItsLinkLeads() throws IOException {
    // given
    Path file = Files.writeString(directory.resolve("a b\nü"), "x");
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    // when
    ZfsFiles.Located found = files.locate(link, DEADLINE).orElseThrow();
    // then
    assertEquals(file, found.path());
    assertEquals(Mounts.own().of(file).orElseThrow(), found.mount());
    assertThrows(IOException.class, () -> files.locate(directory.resolve("none"), DEADLINE));
    assertThrows(IOException.class, () -> files.locate(directory, DEADLINE));
  }

  @Test
  void aDirectoryIsNoLinkToOne() throws IOException {
    Path link = Files.createSymbolicLink(directory.resolve("link"), directory);
    assertTrue(files.isDirectory(directory, DEADLINE));
    assertFalse(files.isDirectory(link, DEADLINE));
    assertFalse(files.isDirectory(directory.resolve("none"), DEADLINE));
  }

  @Test
  void directoriesBesideAFileDoNotCount() throws IOException {
    // given
    Path file = Files.createDirectories(directory.resolve("in/side")).resolve("-disk *");
    Files.writeString(file, "x");
    // when, then
    assertTrue(files.isAlone(directory, file, DEADLINE));
    Files.createSymbolicLink(directory.resolve("in/link"), file);
    assertFalse(files.isAlone(directory, file, DEADLINE));
  }

  @Test
  void aFileIsReplacedByACopyWithItsHoles() throws IOException {
    // given
    Path file = Files.writeString(directory.resolve("disk"), "new");
    Path old = directory.resolve("old");
    try (var sparse = new RandomAccessFile(old.toFile(), "rw")) {
      sparse.setLength(16 << 20);
      sparse.write(1);
    }
    // when
    files.replace(file, old, () -> {}, DEADLINE);
    // then
    assertEquals(-1, Files.mismatch(file, old));
    assertTrue(blocks(file) <= blocks(old), () -> file + " has no holes");
    assertEquals(List.of("disk", "old"), names());
  }

  private static long blocks(Path file) throws IOException {
    String text =
        new LocalPrograms().require(List.of("stat", "-c", "%b", file.toString()), DEADLINE);
    return Long.parseLong(text.strip());
  }

  @Test
  void whatIsObjectedToLeavesTheFileAsItWas() throws IOException {
    // given
    Path file = Files.writeString(directory.resolve("disk"), "new");
    Path old = Files.writeString(directory.resolve("old"), "old");
    // when
    assertThrows(
        IOException.class,
        () ->
            files.replace(
                file,
                old,
                () -> {
                  throw new IOException("somebody uses it now");
                },
                DEADLINE));
    // then
    assertEquals("new", Files.readString(file));
    assertEquals(List.of("disk", "old"), names());
  }

  static List<ZfsFiles> bothFiles() {
    return List.of(new FarFiles(new LocalPrograms()), new OwnFiles(new LocalPrograms()));
  }

  @ParameterizedTest
  @MethodSource("bothFiles")
  void whatARevertLeftThatWasKilledIsRemovedByTheNext(ZfsFiles either) throws IOException {
    // given
    Path file = Files.writeString(directory.resolve("disk"), "new");
    Path old = Files.writeString(directory.resolve("old"), "old");
    Path left = Files.writeString(ZfsFiles.nextCopyOf(file), "half of i");
    assumeTrue(either.user(left, DEADLINE).isEmpty(), "what all have open is not shown here");
    // when
    either.replace(file, old, () -> {}, DEADLINE);
    // then
    assertEquals("old", Files.readString(file));
    assertEquals(List.of("disk", "old"), names());
  }

  @ParameterizedTest
  @MethodSource("bothFiles")
  void aCopyThatSomebodyMakesIsNotTouched(ZfsFiles either) throws IOException {
    // given
    Path file = Files.writeString(directory.resolve("disk"), "new");
    Path old = Files.writeString(directory.resolve("old"), "old");
    Path copy = Files.writeString(ZfsFiles.nextCopyOf(file), "on its way");
    Path another = Files.writeString(ZfsFiles.nextCopyOf(old), "of another file");
    // when
    try (var open = FileChannel.open(copy, StandardOpenOption.READ)) {
      assertTrue(open.isOpen());
      either.replace(file, old, () -> {}, DEADLINE);
    }
    // then
    assertEquals("old", Files.readString(file));
    assertEquals("on its way", Files.readString(copy));
    assertEquals("of another file", Files.readString(another));
    assertEquals(4, names().size());
  }

  private List<String> names() throws IOException {
    try (Stream<Path> found = Files.list(directory)) {
      return found.map(one -> String.valueOf(one.getFileName())).sorted().toList();
    }
  }
}
