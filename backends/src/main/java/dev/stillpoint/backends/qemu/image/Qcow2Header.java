package dev.stillpoint.backends.qemu.image;

import dev.stillpoint.backends.host.HeldImages;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * What the header of a qcow2 file says about what others depend on, and no more.
 *
 * @param snapshots how many it has inside itself
 */
public record Qcow2Header(
    Optional<String> backingFile, Optional<String> backingFormat, int snapshots) {
  static final int MAGIC = 0x514649fb;
  static final int BACKING_FORMAT_EXTENSION = 0xE2792ACA;
  private static final int VERSION_2_LENGTH = 72;
  private static final int SNAPSHOTS_OFFSET = 60;
  private static final int HEADER_LENGTH_OFFSET = 100;
  private static final int HEADER_BYTES = 104;

  /** The longest backing file name that the format allows. */
  static final int MAX_NAME = 1023;

  /** Extensions lie between the header and the backing name, within the first cluster. */
  private static final int MAX_EXTENSIONS = 64 * 1024;

  /**
   * Reads it.
   *
   * @throws dev.stillpoint.core.snapshot.SnapshotException with {@code BUSY} where this process
   *     holds the image and goes on doing so
   */
  @SuppressWarnings("try") // it is there for its end
  public static Qcow2Header read(Path file) throws IOException {
    try (HeldImages.Opening opening = HeldImages.opening(file);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer header = bytes(channel, 0, HEADER_BYTES);
      if (header.getInt(0) != MAGIC) {
        throw new IOException(file + " is not a qcow2 image");
      }
      int extensions =
          header.getInt(4) == 2 ? VERSION_2_LENGTH : header.getInt(HEADER_LENGTH_OFFSET);
      return new Qcow2Header(
          name(channel, header), format(channel, extensions), header.getInt(SNAPSHOTS_OFFSET));
    }
  }

  private static Optional<String> name(FileChannel channel, ByteBuffer header) throws IOException {
    long offset = header.getLong(8);
    int length = header.getInt(16);
    if (offset == 0 || length <= 0 || length > MAX_NAME) {
      return Optional.empty();
    }
    return Optional.of(text(bytes(channel, offset, length)));
  }

  private static Optional<String> format(FileChannel channel, int start) throws IOException {
    long at = start;
    while (at < MAX_EXTENSIONS) {
      ByteBuffer extension = bytes(channel, at, 8);
      int type = extension.getInt(0);
      int length = extension.getInt(4);
      if (type == BACKING_FORMAT_EXTENSION && length > 0 && length <= MAX_NAME) {
        return Optional.of(text(bytes(channel, at + 8, length)));
      }
      if (type == 0 || length < 0) {
        return Optional.empty();
      }
      at += 8 + ((length + 7L) & ~7L);
    }
    return Optional.empty();
  }

  private static String text(ByteBuffer bytes) {
    return StandardCharsets.UTF_8.decode(bytes).toString();
  }

  private static ByteBuffer bytes(FileChannel channel, long offset, int length) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        throw new IOException("the header is cut short");
      }
    }
    return buffer.flip();
  }
}
