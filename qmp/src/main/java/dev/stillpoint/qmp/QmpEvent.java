package dev.stillpoint.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.qapi.EventData;
import dev.stillpoint.qmp.qapi.EventName;
import dev.stillpoint.qmp.qapi.EventTypes;
import dev.stillpoint.qmp.wire.Json;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/**
 * Something that QEMU tells of its own accord.
 *
 * @param name such as {@code JOB_STATUS_CHANGE}
 * @param data the event's members; a missing node when it has none
 * @param timestamp by QEMU's clock; the beginning of 1970 where what it said is no time
 */
public record QmpEvent(String name, JsonNode data, Instant timestamp) {
  private static final long NANOS_PER_MICRO = 1_000;

  /**
   * What it carries, as its generated type.
   *
   * @return empty for an event that is not known here, and for content of another shape
   */
  public Optional<EventData> typed() {
    Class<? extends EventData> type = EventTypes.of(name);
    return type == null ? Optional.empty() : read(type).map(data -> data);
  }

  /** The same where it is of this type; empty for every other event. */
  public <E extends EventData> Optional<E> as(Class<E> type) {
    EventName wanted = type.getAnnotation(EventName.class);
    return wanted != null && wanted.value().equals(name) ? read(type) : Optional.empty();
  }

  private <E extends EventData> Optional<E> read(Class<E> type) {
    try {
      return Optional.of(Json.convert(data.isMissingNode() ? Json.object() : data, type));
    } catch (UncheckedIOException e) {
      return Optional.empty();
    }
  }

  static QmpEvent of(JsonNode line) {
    return new QmpEvent(
        line.path("event").asText(), line.path("data"), time(line.path("timestamp")));
  }

  /** A clock that is wrong is no reason to lose the event, or the connection. */
  private static Instant time(JsonNode time) {
    try {
      return Instant.ofEpochSecond(
          time.path("seconds").asLong(),
          Math.multiplyExact(time.path("microseconds").asLong(), NANOS_PER_MICRO));
    } catch (DateTimeException | ArithmeticException e) {
      return Instant.EPOCH;
    }
  }
}
