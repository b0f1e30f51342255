package dev.stillpoint.qmp.qapi;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.generator.Models;
import dev.stillpoint.qmp.generator.java.GeneratedNames;
import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Model;
import dev.stillpoint.qmp.generator.model.Samples;
import dev.stillpoint.qmp.wire.Json;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** What is read of any type is written again as it was, words and kinds of later versions too. */
class RoundTripProperties {
  private static final Model MODEL = Models.load("qmp");
  private static final GeneratedNames NAMES = new GeneratedNames(MODEL);

  /** A member that no type has. */
  private static final String UNKNOWN = "member-of-a-later-version";

  @Property(tries = 30)
  void everyTypeIsReadAndWritten(@ForAll long seed) throws ReflectiveOperationException {
    var samples = new Samples(MODEL, new Random(seed));
    for (Definition type : NAMES.types()) {
      goesRound(type, samples.value(type.name()));
    }
  }

  @Property(tries = 30)
  void everyCommandIsReadAndWritten(@ForAll long seed) throws ReflectiveOperationException {
    var samples = new Samples(MODEL, new Random(seed));
    for (Definition.Command command : MODEL.commands().toList()) {
      if (!(MODEL.type(command.data()) instanceof Definition.Union)) {
        goesRound(command, samples.arguments(command));
      }
    }
  }

  @Property(tries = 30)
  void everyEventIsReadAndWritten(@ForAll long seed) throws ReflectiveOperationException {
    var samples = new Samples(MODEL, new Random(seed));
    for (Definition.Event event : MODEL.events().toList()) {
      goesRound(event, samples.carried(event));
    }
  }

  private static void goesRound(Definition definition, JsonNode sample)
      throws ReflectiveOperationException {
    JsonNode given = sample.deepCopy();
    if (given instanceof ObjectNode object) {
      object.put(UNKNOWN, 1);
    }

    Object value = Json.convert(given, Class.forName(NAMES.of(definition)));

    assertEquals(sorted(sample), sorted(Json.tree(value)), definition.name());
    assertEquals(value, Json.convert(sample, Class.forName(NAMES.of(definition))));
  }

  /** As text with members in the order of their names: numbers have classes of their own. */
  private static String sorted(JsonNode node) {
    if (node.isObject()) {
      var members = new java.util.TreeMap<String, String>();
      node.properties().forEach(one -> members.put(one.getKey(), sorted(one.getValue())));
      return members.toString();
    }
    if (node.isArray()) {
      var elements = new java.util.ArrayList<String>();
      node.forEach(one -> elements.add(sorted(one)));
      return elements.toString();
    }
    return node.toString();
  }
}
