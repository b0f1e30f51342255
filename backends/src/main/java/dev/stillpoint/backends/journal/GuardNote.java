package dev.stillpoint.backends.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;

/**
 * A line that a guard adds to the file of the operation that it guarded. Needs the JDK alone.
 *
 * @param operationId eight hexadecimal digits
 * @param did {@link #PROVED}, {@link #IN_STANDSTILL}, or {@code gone} when the machine ended before
 *     a thaw could be proved
 */
public record GuardNote(String operationId, String did) {
  static final String KEY = "{\"stillpointGuard\":1,";

  /** The guest was thawed after its owner had ended, so that no freeze came later. */
  public static final String PROVED = "thawed";

  /**
   * The guest was thawed while its owner stood still. If he went on and froze it, and was killed
   * then, it is frozen: whoever recovers thaws it once more.
   */
  public static final String IN_STANDSTILL = "thawed-in-standstill";

  /** What a note says that proves a thaw. */
  static final String THAWED = "\"did\":\"" + PROVED + "\"";

  /** Adds it and syncs it; a file that was removed meanwhile is not made anew. */
  public void append(Path file) throws IOException {
    String line =
        CheckedLine.seal(
            KEY
                + "\"operation\":\""
                + operationId
                + "\",\"at\":\""
                + Instant.now()
                + "\",\"did\":\""
                + did
                + "\"}");
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.APPEND)) {
      // Whoever was killed may have left half a line; an empty one is none.
      ByteBuffer bytes = ByteBuffer.wrap(("\n" + line + "\n").getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
  }
}
