package dev.stillpoint.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.command.VersionInfo;
import java.util.ArrayList;
import java.util.List;

/**
 * What a monitor says first.
 *
 * @param version the version of QEMU
 * @param capabilities what it offers for the negotiation, such as {@code oob}
 */
public record QmpGreeting(VersionInfo.Triple version, List<String> capabilities) {
  /** Copies the list. */
  public QmpGreeting {
    capabilities = List.copyOf(capabilities);
  }

  static QmpGreeting of(JsonNode content) {
    JsonNode qemu = content.path("version").path("qemu");
    List<String> offered = new ArrayList<>();
    content.path("capabilities").forEach(capability -> offered.add(capability.asText()));
    return new QmpGreeting(
        new VersionInfo.Triple(
            qemu.path("major").asInt(), qemu.path("minor").asInt(), qemu.path("micro").asInt()),
        offered);
  }
}
