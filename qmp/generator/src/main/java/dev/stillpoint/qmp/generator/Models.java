package dev.stillpoint.qmp.generator;

import dev.stillpoint.qmp.generator.model.Model;
import dev.stillpoint.qmp.generator.model.ModelText;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The models that are kept in this module. */
public final class Models {
  private Models() {}

  /** The model of {@code qmp} or {@code qga}. */
  public static Model load(String protocol) {
    String name = protocol + ".jsonl";
    try (InputStream in = Models.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalArgumentException("there is no model of " + protocol);
      }
      return ModelText.read(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
