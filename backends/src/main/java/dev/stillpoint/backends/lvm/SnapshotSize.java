package dev.stillpoint.backends.lvm;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How much a classic snapshot can hold of what is overwritten on its origin.
 *
 * @param amount bytes, or hundredths of the origin
 */
record SnapshotSize(long amount, boolean isPercent) {
  /** As much as its origin: it can never become full. */
  static final SnapshotSize ALL = new SnapshotSize(100, true);

  /** What a chunk of 4 KiB costs beside itself: 16 bytes; one part in 256. */
  private static final long METADATA_SHARE = 256;

  /** Bytes. */
  static final long KIB = 1024;

  private static final Pattern TEXT = Pattern.compile("([1-9]\\d{0,11})([kmgt%])");
  private static final String UNITS = "kmgt";
  private static final int PER_UNIT = 10;

  /** Reads {@code 512m}, {@code 2g} or {@code 20%}; empty for what is none of them. */
  static Optional<SnapshotSize> parse(String text) {
    Matcher matcher = TEXT.matcher(text.toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long number = Long.parseLong(matcher.group(1));
    String unit = matcher.group(2);
    if (unit.equals("%")) {
      return number > 100 ? Optional.empty() : Optional.of(new SnapshotSize(number, true));
    }
    int shift = (UNITS.indexOf(unit) + 1) * PER_UNIT;
    long bytes = number << shift;
    return bytes >> shift == number && bytes > 0
        ? Optional.of(new SnapshotSize(bytes, false))
        : Optional.empty();
  }

  /** What it takes of the group, in whole extents. */
  long extentsFor(Volume origin) {
    long extent = origin.extentBytes();
    long most = roundedUp(origin.bytes() + origin.bytes() / METADATA_SHARE, extent) + 1;
    long wanted = isPercent ? origin.bytes() / 100 * amount : amount;
    return this.equals(ALL) ? most : Math.min(most, Math.max(1, roundedUp(wanted, extent)));
  }

  private static long roundedUp(long bytes, long unit) {
    return (bytes + unit - 1) / unit;
  }
}
