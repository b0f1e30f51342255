package dev.stillpoint.backends.journal;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * A JSON object on one line whose last member is the checksum of all before it. What a crash left
 * of a line, or what two writers made of one, does not match and counts for nothing.
 */
final class CheckedLine {
  private static final String MARK = ",\"crc\":\"";
  private static final String END = "\"}";
  private static final int DIGITS = 8;

  private CheckedLine() {}

  /** The object with its checksum. It must have a member and must not have a line break. */
  static String seal(String object) {
    String body = object.substring(0, object.length() - 1);
    return body + MARK + checksum(body) + END;
  }

  /** The object without its checksum; empty when it does not match. */
  static Optional<String> open(String line) {
    int mark = line.length() - MARK.length() - DIGITS - END.length();
    boolean sealed = mark > 0 && line.startsWith(MARK, mark) && line.endsWith(END);
    if (!sealed) {
      return Optional.empty();
    }
    String body = line.substring(0, mark);
    int digits = mark + MARK.length();
    return line.substring(digits, digits + DIGITS).equals(checksum(body))
        ? Optional.of(body + "}")
        : Optional.empty();
  }

  private static String checksum(String text) {
    var crc = new CRC32();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }
}
