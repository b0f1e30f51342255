package dev.stillpoint.qmp.generator.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.stillpoint.qmp.generator.Models;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelTextTest {
  @ParameterizedTest
  @ValueSource(strings = {"qmp", "qga"})
  void readsWhatItWrote(String protocol) {
    Model model = Models.load(protocol);

    Model again = ModelText.read(ModelText.write(model));

    assertEquals(model.versions(), again.versions());
    assertEquals(model.definitions(), again.definitions());
    assertEquals(ModelText.write(model), ModelText.write(again));
  }

  @Test
  void refusesALineThatItDoesNotKnow() {
    String head = "{\"protocol\":\"qmp\",\"versions\":[\"7.2\"]}\n";

    assertThrows(
        IllegalArgumentException.class, () -> ModelText.read(head + "{\"thing\":\"x\"}\n"));
    assertThrows(IllegalArgumentException.class, () -> ModelText.read(head + "{\"command\"\n"));
  }
}
