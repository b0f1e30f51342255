package dev.stillpoint.backends.qemu.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.backends.process.ProcessIdentity;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether what is written to an image now would still be there tomorrow; this process is QEMU. */
class OpenImagesTest {
  private static final Optional<ProcessIdentity> SELF = Optional.of(ProcessIdentity.current());

  @TempDir private Path directory;

  @Test
  void anImageThatWasReplacedWhileItIsOpenIsFoundOut() throws Exception {
    // given
    Path image = Files.writeString(directory.resolve("image"), "data");
    try (FileChannel open = FileChannel.open(image, StandardOpenOption.READ)) {
      assertTrue(open.isOpen());
      assertEquals(Optional.empty(), OpenImages.trouble(SELF, image.toString()));
      // when: a copy takes its place under the same name
      Path copy = Files.copy(image, directory.resolve("copy"));
      Files.delete(image);
      assertTrue(OpenImages.trouble(SELF, image.toString()).orElse("").contains("is not there"));
      Files.move(copy, image);
      // then
      assertEquals(
          Optional.of(image + " is not the file that the machine has open"),
          OpenImages.trouble(SELF, image.toString()));
      assertEquals(Optional.empty(), OpenImages.trouble(Optional.empty(), image.toString()));
    }
  }

  @Test
  void anImageThatIsNoFileOfThisHostIsNotLookedFor() {
    assertEquals(Optional.empty(), OpenImages.trouble(SELF, "nbd://host/image"));
  }
}
