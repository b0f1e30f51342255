package dev.stillpoint.cli;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations as people write them: {@code 500ms}, {@code 5s}, {@code 2m}. */
final class DurationText implements ITypeConverter<Duration> {
  /** No wait on a guest is meant to be longer. */
  private static final Duration LONGEST = Duration.ofHours(24);

  private static final Pattern TEXT = Pattern.compile("(\\d{1,9})(ms|s|m|h)");

  @Override
  public Duration convert(String value) {
    Matcher matcher = TEXT.matcher(value);
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "'" + value + "' is no duration; write it like 500ms, 5s or 2m");
    }
    long amount = Long.parseLong(matcher.group(1));
    Duration duration =
        switch (matcher.group(2)) {
          case "ms" -> Duration.ofMillis(amount);
          case "s" -> Duration.ofSeconds(amount);
          case "m" -> Duration.ofMinutes(amount);
          default -> Duration.ofHours(amount);
        };
    if (duration.isZero()) {
      throw new TypeConversionException("a duration must be longer than nothing");
    }
    if (duration.compareTo(LONGEST) > 0) {
      throw new TypeConversionException("a duration is at most " + LONGEST.toHours() + "h");
    }
    return duration;
  }
}
