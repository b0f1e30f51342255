package dev.stillpoint.cli;

import dev.stillpoint.core.disk.SelectedDisk;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** {@code DISK[,method=M][,overlay=PATH]}; two commas stand for one in a name or path. */
final class DiskText implements ITypeConverter<SelectedDisk> {
  /** How the options of methods are spelled. */
  private static final Pattern KEY = Pattern.compile("[a-z][a-z0-9.-]*");

  @Override
  public SelectedDisk convert(String value) {
    List<String> parts = split(value);
    if (parts.get(0).isEmpty()) {
      throw new TypeConversionException("'" + value + "' names no disk");
    }
    SelectedDisk disk = SelectedDisk.named(parts.get(0));
    for (String option : parts.subList(1, parts.size())) {
      disk = with(disk, option);
    }
    return disk;
  }

  private static SelectedDisk with(SelectedDisk disk, String option) {
    int equals = option.indexOf('=');
    String key = equals < 0 ? "" : option.substring(0, equals);
    String value = option.substring(equals + 1);
    boolean given =
        switch (key) {
          case "method" -> disk.method().isPresent();
          case "overlay" -> disk.overlay().isPresent();
          default -> disk.options().containsKey(key);
        };
    if (!KEY.matcher(key).matches() || value.isEmpty() || given) {
      throw new TypeConversionException(
          "'" + option + "' is no KEY=VALUE, each key once; write ',,' for a comma");
    }
    return switch (key) {
      case "method" -> disk.withMethod(value);
      case "overlay" -> disk.withOverlay(path(value));
      default -> disk.withOption(key, value);
    };
  }

  private static Path path(String value) {
    try {
      return Path.of(value);
    } catch (InvalidPathException e) {
      throw new TypeConversionException("'" + value + "' is no path: " + e.getReason());
    }
  }

  private static List<String> split(String value) {
    List<String> parts = new ArrayList<>();
    var part = new StringBuilder();
    for (int i = 0; i < value.length(); i++) {
      if (value.charAt(i) != ',') {
        part.append(value.charAt(i));
      } else if (i + 1 < value.length() && value.charAt(i + 1) == ',') {
        part.append(',');
        i++;
      } else {
        parts.add(part.toString());
        part.setLength(0);
      }
    }
    parts.add(part.toString());
    return parts;
  }
}
