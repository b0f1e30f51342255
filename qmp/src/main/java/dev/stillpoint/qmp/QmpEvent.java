package dev.stillpoint.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;

/**
 * Something that QEMU tells of its own accord.
 *
 * @param name such as {@code JOB_STATUS_CHANGE}
 * @param data the event's members; a missing node when it has none
 * @param timestamp by QEMU's clock
 */
public record QmpEvent(String name, JsonNode data, Instant timestamp) {
  private static final long NANOS_PER_MICRO = 1_000;

  static QmpEvent of(JsonNode line) {
    JsonNode time = line.path("timestamp");
    return new QmpEvent(
        line.path("event").asText(),
        line.path("data"),
        Instant.ofEpochSecond(
            time.path("seconds").asLong(), time.path("microseconds").asLong() * NANOS_PER_MICRO));
  }
}
