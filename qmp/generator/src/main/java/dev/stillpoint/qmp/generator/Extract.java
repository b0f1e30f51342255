package dev.stillpoint.qmp.generator;

import dev.stillpoint.qmp.generator.model.Merge;
import dev.stillpoint.qmp.generator.model.Model;
import dev.stillpoint.qmp.generator.model.ModelText;
import dev.stillpoint.qmp.generator.model.Version;
import dev.stillpoint.qmp.generator.qapi.SchemaReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Makes the model of a protocol from the schemas of some versions: {@code Extract PROTOCOL OUT
 * VERSION=SCHEMA...}. What could not be said in the model goes to standard error.
 */
public final class Extract {
  private Extract() {}

  /** The protocol's name, the file to write, and a schema file for each version. */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length < 3) {
      throw new IllegalArgumentException("Extract PROTOCOL OUT VERSION=SCHEMA...");
    }
    var models = new ArrayList<Model>();
    for (String source : List.of(arguments).subList(2, arguments.length)) {
      String[] parts = source.split("=", 2);
      models.add(SchemaReader.read(arguments[0], Version.of(parts[0]), Path.of(parts[1])));
    }
    models.sort(Comparator.comparing(model -> model.versions().getLast()));
    Merge.Merged merged = Merge.of(models);
    merged.remarks().forEach(System.err::println);
    Files.writeString(Path.of(arguments[1]), ModelText.write(merged.model()));
  }
}
