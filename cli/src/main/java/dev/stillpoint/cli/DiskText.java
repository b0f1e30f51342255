package dev.stillpoint.cli;

import dev.stillpoint.core.disk.SelectedDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** {@code DISK[,method=M][,overlay=PATH]}; two commas stand for one in a name or path. */
final class DiskText implements ITypeConverter<SelectedDisk> {
  @Override
  public SelectedDisk convert(String value) {
    List<String> parts = split(value);
    if (parts.get(0).isEmpty()) {
      throw new TypeConversionException("'" + value + "' names no disk");
    }
    SelectedDisk disk = SelectedDisk.named(parts.get(0));
    for (String option : parts.subList(1, parts.size())) {
      if (option.startsWith("method=")
          && disk.method().isEmpty()
          && option.length() > "method=".length()) {
        disk = disk.withMethod(option.substring("method=".length()));
      } else if (option.startsWith("overlay=")
          && disk.overlay().isEmpty()
          && option.length() > "overlay=".length()) {
        disk = disk.withOverlay(Path.of(option.substring("overlay=".length())));
      } else {
        throw new TypeConversionException(
            "'"
                + option
                + "' is neither method=M nor overlay=PATH, each once; write ',,' for a comma");
      }
    }
    return disk;
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
