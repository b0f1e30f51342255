package dev.stillpoint.qga.qapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qga.command.QgaCommand;
import dev.stillpoint.qmp.command.QmpCommand;
import dev.stillpoint.qmp.generator.Models;
import dev.stillpoint.qmp.generator.java.GeneratedNames;
import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Model;
import dev.stillpoint.qmp.generator.model.Samples;
import dev.stillpoint.qmp.generator.model.Version;
import dev.stillpoint.qmp.wire.Json;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Nothing that a modelled agent knows is without a type, and each is read and written. */
class GeneratedAgentTypesTest {
  private static final Model MODEL = Models.load("qga");
  private static final GeneratedNames NAMES = new GeneratedNames(MODEL);

  private static Class<?> type(Definition definition) {
    try {
      return Class.forName(NAMES.of(definition));
    } catch (ClassNotFoundException e) {
      throw new AssertionError(definition.name() + " has no type", e);
    }
  }

  @Test
  void everyCommandOfEveryVersionHasATypeThatNoMonitorTakes() {
    for (Version version : MODEL.versions()) {
      List<Definition.Command> commands =
          MODEL.commands().filter(one -> one.life().in(version)).toList();

      commands.forEach(one -> {
        assertTrue(QgaCommand.class.isAssignableFrom(type(one)), one::name);
        assertFalse(QmpCommand.class.isAssignableFrom(type(one)), one::name);
      });

      System.out.printf("agent %s: %d commands, each with its type%n", version, commands.size());
      assertTrue(commands.size() > 30, "the model is incomplete");
    }
    assertEquals(44, MODEL.commands().count());
  }

  @Property(tries = 100)
  void everyTypeAndCommandIsReadAndWritten(@ForAll long seed) {
    var samples = new Samples(MODEL, new Random(seed));
    NAMES.types().forEach(one -> goesRound(one, samples.value(one.name())));
    MODEL.commands().forEach(one -> goesRound(one, samples.arguments(one)));
  }

  private static void goesRound(Definition definition, JsonNode sample) {
    Object value = Json.convert(sample, type(definition));

    JsonNode written = Json.tree(value);

    assertEquals(value, Json.convert(written, type(definition)), definition.name());
    assertEquals(sample.size(), written.size(), () -> sample + " became " + written);
  }

  @Test
  void whatTheGuestIsGivenIsInNoText() {
    var command = GuestExec.of("/bin/sh").withEnv(List.of("TOKEN=hunter2"));

    assertFalse(command.toString().contains("hunter2"), command::toString);
    assertTrue(Json.tree(command).toString().contains("hunter2"));
  }
}
