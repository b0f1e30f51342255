package dev.stillpoint.backends.qemu;

import dev.stillpoint.backends.process.ProcessIdentity;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Whether an image that a QEMU has open is still the file that bears its name. */
final class OpenImages {
  private OpenImages() {}

  /**
   * Why what is written to this image now might be lost; empty when nothing says so. An image that
   * was removed or replaced while QEMU has it open takes all that is written to it along.
   *
   * @param qemu the process, where it is known
   */
  static Optional<String> trouble(Optional<ProcessIdentity> qemu, String image) {
    if (!image.startsWith("/")) {
      return Optional.empty();
    }
    Path path = Path.of(image);
    if (!Files.exists(path)) {
      return Optional.of(image + " is not there any more");
    }
    return qemu.isPresent() && !hasOpen(qemu.get(), path)
        ? Optional.of(image + " is not the file that the machine has open")
        : Optional.empty();
  }

  /** True also where it cannot be told, as for another user's process. */
  private static boolean hasOpen(ProcessIdentity qemu, Path path) {
    Path descriptors = Path.of("/proc", Long.toString(qemu.pid()), "fd");
    try (DirectoryStream<Path> open = Files.newDirectoryStream(descriptors)) {
      Object image = key(path);
      for (Path one : open) {
        if (isFile(one, image)) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private static boolean isFile(Path descriptor, Object image) {
    try {
      return key(descriptor).equals(image);
    } catch (IOException closedMeanwhile) {
      return false;
    }
  }

  /** Device and inode of what a path or a descriptor leads to. */
  private static Object key(Path path) throws IOException {
    return Files.getAttribute(path, "unix:dev") + ":" + Files.getAttribute(path, "unix:ino");
  }
}
