package dev.stillpoint.qmp;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * What a monitor says first.
 *
 * @param version the version of QEMU
 * @param capabilities what it offers for the negotiation, such as {@code oob}
 */
public record QmpGreeting(Version version, List<String> capabilities) {
  /** Copies the list. */
  public QmpGreeting {
    capabilities = List.copyOf(capabilities);
  }

  /** The three numbers of a version, such as {@code 7.2.22}. */
  public record Version(int major, int minor, int micro) {
    @Override
    public String toString() {
      return major + "." + minor + "." + micro;
    }
  }

  static boolean isOne(JsonNode content) {
    return content.path("version").path("qemu").path("major").isInt();
  }

  static QmpGreeting of(JsonNode content) {
    JsonNode qemu = content.path("version").path("qemu");
    List<String> offered = new ArrayList<>();
    content.path("capabilities").forEach(capability -> offered.add(capability.asText()));
    return new QmpGreeting(
        new Version(
            qemu.path("major").asInt(), qemu.path("minor").asInt(), qemu.path("micro").asInt()),
        offered);
  }
}
