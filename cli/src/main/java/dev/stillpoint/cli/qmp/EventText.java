package dev.stillpoint.cli.qmp;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.QmpEvent;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;

/** An event on one line. */
public final class EventText {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private EventText() {}

  /** For a person: when, by QEMU's clock, what, and with what. */
  public static String text(QmpEvent event) {
    String data = event.data().isMissingNode() ? "" : " " + PrettyJson.line(event.data());
    return TIME.format(event.timestamp()) + " " + name(event) + data;
  }

  /** For a program: as it came from QEMU. */
  public static String json(QmpEvent event) {
    ObjectNode line = JsonNodeFactory.instance.objectNode();
    line.putObject("timestamp")
        .put("seconds", event.timestamp().getEpochSecond())
        .put("microseconds", event.timestamp().get(ChronoField.MICRO_OF_SECOND));
    line.put("event", event.name());
    if (!event.data().isMissingNode()) {
      line.set("data", event.data());
    }
    return line.toString();
  }

  private static String name(QmpEvent event) {
    return event.name().replaceAll("\\p{Cntrl}", "?");
  }
}
