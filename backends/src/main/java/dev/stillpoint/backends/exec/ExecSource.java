package dev.stillpoint.backends.exec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.core.disk.DiskSource;
import java.nio.file.Path;
import java.util.Optional;

/** Where bytes live, in the contract's words: {@code kind}, {@code name} and {@code format}. */
final class ExecSource {
  private ExecSource() {}

  static void write(DiskSource source, ObjectNode into) {
    String kind =
        switch (source) {
          case DiskSource.File file -> "file";
          case DiskSource.Device device -> "device";
          default -> "remote";
        };
    into.put("kind", kind).put("name", source.address()).put("format", source.format());
  }

  /** Empty for what is no such object. */
  static Optional<DiskSource> read(JsonNode source) {
    String name = source.path("name").asText();
    String format = source.path("format").asText();
    if (name.isEmpty() || format.isEmpty() || name.indexOf('\0') >= 0) {
      return Optional.empty();
    }
    String kind = source.path("kind").asText();
    if (kind.equals("remote")) {
      return Optional.of(new DiskSource.Remote(name, format));
    }
    if (!name.startsWith("/")) {
      return Optional.empty();
    }
    return switch (kind) {
      case "file" -> Optional.of(new DiskSource.File(Path.of(name), format));
      case "device" -> Optional.of(new DiskSource.Device(Path.of(name), format));
      default -> Optional.empty();
    };
  }
}
