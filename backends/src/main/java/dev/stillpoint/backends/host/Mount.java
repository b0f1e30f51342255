package dev.stillpoint.backends.host;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A line of mountinfo.
 *
 * @param id the kernel's for this mount
 * @param parent the mount that it stands on
 * @param device the file system's, as {@code major:minor}; of a btrfs no file has this one
 * @param root the directory of the file system that is mounted
 * @param point where it is mounted
 * @param options of the mount, then of the file system
 */
public record Mount(
    int id,
    int parent,
    String device,
    String root,
    Path point,
    String type,
    String source,
    List<String> options) {
  private static final int OPTIONS = 5;
  private static final int ESCAPE = 4;

  /** Copies the list. */
  public Mount {
    options = List.copyOf(options);
  }

  /**
   * Reads one line; empty for what is none, and for a mount point that this locale cannot express.
   *
   * @param line its bytes as ISO 8859-1
   */
  static Optional<Mount> parse(String line) {
    int dash = line.indexOf(" - ");
    if (dash < 0) {
      return Optional.empty();
    }
    String[] left = line.substring(0, dash).split(" ", -1);
    String[] right = line.substring(dash + 3).split(" ", -1);
    if (left.length <= OPTIONS || right.length < 2) {
      return Optional.empty();
    }
    String ofSystem = right.length > 2 ? right[2] : "";
    try {
      return Optional.of(
          new Mount(
              Integer.parseInt(left[0]),
              Integer.parseInt(left[1]),
              left[2],
              plain(left[3]),
              Path.of(plain(left[4])),
              plain(right[0]),
              plain(right[1]),
              Stream.of((left[OPTIONS] + "," + ofSystem).split(","))
                  .filter(option -> !option.isEmpty())
                  .map(Mount::plain)
                  .distinct()
                  .toList()));
    } catch (NumberFormatException | InvalidPathException e) {
      return Optional.empty();
    }
  }

  /**
   * The kernel writes what would break a line as three octal digits, and other bytes as is.
   *
   * @param field its bytes as ISO 8859-1
   */
  static String plain(String field) {
    byte[] raw = field.getBytes(StandardCharsets.ISO_8859_1);
    var bytes = new ByteArrayOutputStream(raw.length);
    int at = 0;
    while (at < raw.length) {
      if (isEscape(raw, at)) {
        bytes.write((raw[at + 1] - '0') << 6 | (raw[at + 2] - '0') << 3 | (raw[at + 3] - '0'));
        at += ESCAPE;
      } else {
        bytes.write(raw[at++]);
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static boolean isEscape(byte[] raw, int at) {
    return raw[at] == '\\'
        && at + ESCAPE <= raw.length
        && isOctal(raw[at + 1])
        && isOctal(raw[at + 2])
        && isOctal(raw[at + 3]);
  }

  private static boolean isOctal(byte digit) {
    return digit >= '0' && digit <= '7';
  }
}
