package dev.stillpoint.it.chaos;

import dev.stillpoint.testkit.HostCommand;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A file system of its own that can be filled to the brim. Needs root. */
final class SmallDisk implements AutoCloseable {
  private static final String SIZE = "48m";

  /** What is left free: less than three empty overlays take. */
  private static final long LEFT = 64 << 10;

  private final Path directory;

  private SmallDisk(Path directory) {
    this.directory = directory;
  }

  static SmallDisk at(Path directory) {
    try {
      Files.createDirectory(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    HostCommand.run(
        Path.of("/"),
        List.of("mount", "-t", "tmpfs", "-o", "size=" + SIZE, "none", "" + directory));
    return new SmallDisk(directory);
  }

  Path directory() {
    return directory;
  }

  void fill() {
    try (var filler = new RandomAccessFile(filler().toFile(), "rw")) {
      long free = Files.getFileStore(directory).getUsableSpace() - LEFT;
      byte[] block = new byte[64 << 10];
      for (long written = 0; written < free; written += block.length) {
        filler.write(block);
      }
    } catch (IOException full) {
      // So it should be.
      return;
    }
  }

  void empty() {
    try {
      Files.deleteIfExists(filler());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path filler() {
    return directory.resolve("filler");
  }

  @Override
  public void close() {
    var unused = HostCommand.attempt(Path.of("/"), List.of("umount", "-l", directory.toString()));
  }
}
