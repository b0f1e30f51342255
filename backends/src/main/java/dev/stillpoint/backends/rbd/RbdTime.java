package dev.stillpoint.backends.rbd;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Optional;

/** The time of a snapshot as {@code rbd} writes it: {@code Wed Nov 25 17:22:31 2026}, local. */
final class RbdTime {
  private static final DateTimeFormatter FORM =
      DateTimeFormatter.ofPattern("EEE MMM d HH:mm:ss yyyy", Locale.ENGLISH);

  private RbdTime() {}

  /** Empty where it cannot be read. */
  static Optional<Instant> read(String text) {
    try {
      // A day below ten has two spaces before it.
      String plain = text.strip().replaceAll(" +", " ");
      return Optional.of(
          LocalDateTime.parse(plain, FORM).atZone(ZoneId.systemDefault()).toInstant());
    } catch (DateTimeParseException e) {
      return Optional.empty();
    }
  }
}
