package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.layers.LayerFinder;
import dev.stillpoint.core.disk.Layer;
import dev.stillpoint.core.disk.Layers;
import dev.stillpoint.core.snapshot.ErrorCode;
import dev.stillpoint.core.snapshot.SnapshotException;
import dev.stillpoint.testkit.HostCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that are none, are broken, or lead astray: told, and never waited for. */
@Timeout(30)
class LayersOfBadImagesTest {
  @TempDir private Path temporary;
  private Path home = Path.of("");

  @BeforeEach
  void findHome() throws IOException {
    home = temporary.toRealPath();
  }

  private void host(String... command) {
    HostCommand.run(home, List.of(command));
  }

  private String image(String name) {
    Path path = home.resolve(name);
    host("qemu-img", "create", "-q", "-f", "qcow2", path.toString(), "1M");
    return path.toString();
  }

  /** What its header names need not be there. */
  private String imageOn(String name, String backing) {
    Path path = home.resolve(name);
    HostCommand.run(
        home,
        List.of(
            "qemu-img",
            "create",
            "-q",
            "-u",
            "-f",
            "qcow2",
            "-F",
            "qcow2",
            "-b",
            backing,
            path.toString(),
            "1M"));
    return path.toString();
  }

  private static SnapshotException refused(String disk) {
    return assertThrows(SnapshotException.class, () -> LayerFinder.under(disk));
  }

  private static String only(List<String> texts) {
    assertEquals(1, texts.size(), texts::toString);
    return texts.get(0);
  }

  @ParameterizedTest
  @CsvSource({"directory, it is a directory", "pipe, it is a pipe", "/dev/null, it is a character"})
  void whatCannotBeADiskIsRefused(String name, String told) throws IOException {
    // given
    Files.createDirectory(home.resolve("directory"));
    host("mkfifo", "pipe");
    // when
    SnapshotException refused = refused(home.resolve(name).toString());
    // then
    assertEquals(ErrorCode.DISK_UNSUITABLE, refused.failure().code());
    assertTrue(refused.failure().message().contains(told), refused::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/no/such", "a\u0000b", "rbd:pool/image"})
  void whatIsNotThereIsRefused(String name) {
    // when, then
    assertEquals(ErrorCode.NO_SUCH_DISK, refused(name).failure().code());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a b", "a\nb", "-f", "json:{}", "'\"$(id)", "nbd:x:1"})
  void anyNameIsAName(String name) {
    // given
    String disk = image(name);
    // when
    Layers found = LayerFinder.under(disk);
    // then
    assertEquals(new Layer.Image(disk, "qcow2", true, Optional.empty()), found.active().image());
    assertTrue(found.active().under().get(0) instanceof Layer.File, found::toString);
  }

  @Test
  void aBrokenImageIsRefused() throws IOException {
    // given
    Path broken = home.resolve("broken.qcow2");
    Files.write(broken, "QFI\u00fb\0\0\0\u0003".getBytes(StandardCharsets.ISO_8859_1));
    // when
    SnapshotException refused = refused(broken.toString());
    // then
    assertEquals(ErrorCode.DISK_UNSUITABLE, refused.failure().code());
    assertTrue(
        refused.failure().message().contains("cannot be read as an image"), refused::toString);
    assertTrue(refused.failure().message().lines().count() == 1, refused::toString);
  }

  @Test
  void aBackingFileThatIsMissingIsToldBesideTheRest() {
    // when
    Layers found = LayerFinder.under(imageOn("top", "gone"));
    // then
    assertEquals(1, found.chain().size());
    assertTrue(only(found.troubles()).contains("/gone' of"), found::toString);
  }

  @Test
  void aBackingFileThatWouldNeverEndIsNotOpened() {
    // given
    host("mkfifo", "pipe");
    // when
    Layers found = LayerFinder.under(imageOn("top", "pipe"));
    // then
    assertTrue(only(found.troubles()).contains("it is a pipe"), found::toString);
  }

  @Test
  void aBackingFileOfAnotherFormatThanTheHeaderSaysIsTold() {
    // given
    host("truncate", "-s", "1M", "plain.raw");
    // when
    Layers found = LayerFinder.under(imageOn("top", "plain.raw"));
    // then
    assertTrue(only(found.troubles()).contains("not in qcow2 format"), found::toString);
  }

  @Test
  void aChainThatComesBackIsLeft() {
    // given
    imageOn("a", "b");
    // when
    Layers found = LayerFinder.under(imageOn("b", "a"));
    // then
    assertEquals(2, found.chain().size());
    assertTrue(only(found.troubles()).contains("comes back to"), found::toString);
  }

  @Test
  void aBackingImageOnAnotherHostIsNamedAndNotConnectedTo() {
    // when
    Layers found = LayerFinder.under(imageOn("top", "nbd://user:secret@192.0.2.1/exp"));
    // then
    assertEquals(List.of(), found.troubles());
    assertEquals(List.of(new Layer.Remote("nbd", "192.0.2.1/exp")), found.chain().get(1).under());
    assertFalse(found.toString().contains("secret"), found::toString);
  }
}
