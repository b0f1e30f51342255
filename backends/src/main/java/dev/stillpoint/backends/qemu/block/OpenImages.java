package dev.stillpoint.backends.qemu.block;

import dev.stillpoint.backends.process.ProcessIdentity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** Whether an image that a QEMU has open is still the file that bears its name. */
public final class OpenImages {
  private static final String FLAGS = "flags:";
  private static final int OCTAL = 8;

  /** O_ACCMODE and O_RDONLY of open(2). */
  private static final long ACCESS_MODE = 3;

  private static final long READ_ONLY = 0;

  private OpenImages() {}

  /**
   * Why what is written to this image now might be lost; empty when nothing says so. An image that
   * was removed or replaced while QEMU has it open takes all that is written to it along.
   *
   * @param qemu the process, where it is known
   */
  public static Optional<String> trouble(Optional<ProcessIdentity> qemu, String image) {
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

  /** The path of what QEMU has open at this descriptor; empty where it cannot be told. */
  static Optional<String> path(ProcessIdentity qemu, long descriptor) {
    Path link = Path.of("/proc", Long.toString(qemu.pid()), "fd", Long.toString(descriptor));
    try {
      Path path = Files.readSymbolicLink(link);
      // Not so of a file that was removed, and of one in another mount namespace.
      return path.isAbsolute() && key(path).equals(key(link))
          ? Optional.of(path.toString())
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Whether QEMU can certainly not write through this descriptor. */
  static boolean isReadOnly(ProcessIdentity qemu, long descriptor) {
    Path told = Path.of("/proc", Long.toString(qemu.pid()), "fdinfo", Long.toString(descriptor));
    try (Stream<String> lines = Files.lines(told)) {
      return lines
          .filter(line -> line.startsWith(FLAGS))
          .map(line -> Long.parseLong(line.substring(FLAGS.length()).strip(), OCTAL))
          .anyMatch(flags -> (flags & ACCESS_MODE) == READ_ONLY);
    } catch (IOException | UncheckedIOException | NumberFormatException e) {
      return false;
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
