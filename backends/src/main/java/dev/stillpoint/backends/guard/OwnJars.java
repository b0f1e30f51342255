package dev.stillpoint.backends.guard;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** All that this process runs from; the guard's JVM opens only what it needs. */
final class OwnJars {
  private OwnJars() {}

  static String text() {
    List<String> absolute = new ArrayList<>();
    for (String property : List.of("java.class.path", "jdk.module.path")) {
      for (String entry : System.getProperty(property, "").split(File.pathSeparator, -1)) {
        if (!entry.isEmpty()) {
          absolute.add(Path.of(entry).toAbsolutePath().toString());
        }
      }
    }
    return String.join(File.pathSeparator, absolute);
  }
}
