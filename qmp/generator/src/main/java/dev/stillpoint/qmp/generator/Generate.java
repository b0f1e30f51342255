package dev.stillpoint.qmp.generator;

import dev.stillpoint.qmp.generator.java.Target;
import dev.stillpoint.qmp.generator.java.Writer;
import dev.stillpoint.qmp.generator.model.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Writes the Java of a model: {@code Generate PROTOCOL DIRECTORY}. A file that would not change is
 * not touched, so that nothing is compiled again for it; one that belongs to nothing is removed.
 */
public final class Generate {
  private Generate() {}

  /** The protocol's name, and the directory of sources to write into. */
  public static void main(String[] arguments) throws IOException {
    Model model = Models.load(arguments[0]);
    String name = Target.of(arguments[0]).packageName();
    Path directory = Path.of(arguments[1]).resolve(name.replace('.', '/'));
    Files.createDirectories(directory);
    Map<String, String> files = Writer.write(model);
    for (Path old : sources(directory)) {
      if (!files.containsKey(old.getFileName().toString())) {
        Files.delete(old);
      }
    }
    for (var file : files.entrySet()) {
      Path path = directory.resolve(file.getKey());
      if (!Files.exists(path) || !Files.readString(path).equals(file.getValue())) {
        Files.writeString(path, file.getValue());
      }
    }
  }

  private static List<Path> sources(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
