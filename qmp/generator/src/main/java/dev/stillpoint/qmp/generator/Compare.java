package dev.stillpoint.qmp.generator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stillpoint.qmp.generator.agreement.Agreement;
import dev.stillpoint.qmp.generator.agreement.Report;
import dev.stillpoint.qmp.generator.model.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Compares the model with what monitors answered to {@code query-qmp-schema}: {@code Compare
 * VERSION=FILE...}, where a file holds all that came over the wire. Ends with 1 where anything
 * disagrees.
 */
public final class Compare {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Compare() {}

  /** A file for each version. */
  public static void main(String[] arguments) throws IOException {
    boolean agree = true;
    for (String argument : arguments) {
      String[] parts = argument.split("=", 2);
      Report report =
          Agreement.check(Models.load("qmp"), Version.of(parts[0]), answer(Path.of(parts[1])));
      System.out.println("QEMU " + parts[0] + ": " + report.text());
      agree &= report.disagreements().isEmpty();
    }
    System.exit(agree ? 0 : 1);
  }

  private static JsonNode answer(Path file) throws IOException {
    for (String line : Files.readAllLines(file)) {
      JsonNode answer = JSON.readTree(line).path("return");
      if (answer.isArray()) {
        return answer;
      }
    }
    throw new IOException(file + " holds no schema");
  }
}
