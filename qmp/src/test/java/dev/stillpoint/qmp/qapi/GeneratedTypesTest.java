package dev.stillpoint.qmp.qapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.stillpoint.qmp.command.QmpCommand;
import dev.stillpoint.qmp.generator.Models;
import dev.stillpoint.qmp.generator.java.GeneratedNames;
import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Life;
import dev.stillpoint.qmp.generator.model.Model;
import dev.stillpoint.qmp.generator.model.Version;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Nothing that a modelled version knows is without a type. */
class GeneratedTypesTest {
  private static final Model MODEL = Models.load("qmp");
  private static final GeneratedNames NAMES = new GeneratedNames(MODEL);

  private static Class<?> type(Definition definition) {
    try {
      return Class.forName(NAMES.of(definition));
    } catch (ClassNotFoundException e) {
      return fail(definition.name() + " has no type", e);
    }
  }

  @TestFactory
  Stream<DynamicTest> everyCommandAndEventOfEveryVersionHasAType() {
    return MODEL.versions().stream()
        .map(version -> DynamicTest.dynamicTest("QEMU " + version, () -> covers(version)));
  }

  private static void covers(Version version) {
    List<Definition.Command> commands =
        MODEL.commands().filter(one -> one.life().in(version)).toList();
    List<Definition.Event> events = MODEL.events().filter(one -> one.life().in(version)).toList();

    commands.forEach(one -> assertTrue(QmpCommand.class.isAssignableFrom(type(one)), one::name));
    events.forEach(one -> {
      assertTrue(EventData.class.isAssignableFrom(type(one)), one::name);
      assertEquals(one.name(), type(one).getAnnotation(EventName.class).value());
      assertEquals(type(one), EventTypes.of(one.name()));
    });

    System.out.printf(
        "QEMU %s: %d commands and %d events, each with its type%n",
        version, commands.size(), events.size());
    assertTrue(commands.size() > 180 && events.size() > 45, "the model is incomplete");
  }

  @Test
  void everyTypeThatIsNeededIsThere() {
    List<Definition> types = NAMES.types();

    types.forEach(GeneratedTypesTest::type);

    assertTrue(types.size() > 600, "only " + types.size());
  }

  @Test
  void deprecatedAndUnstableAreToldApart() {
    // A type that is a command's arguments as well shares that command's record and its marks.
    var types = NAMES.types().stream().filter(one -> !QmpCommand.class.isAssignableFrom(type(one)));
    Stream.concat(Stream.concat(MODEL.commands(), MODEL.events()), types)
        .forEach(one -> {
          Life life = one.life();
          assertEquals(
              life.isDeprecated(), type(one).isAnnotationPresent(Deprecated.class), one.name());
          assertEquals(
              life.isUnstable(), type(one).isAnnotationPresent(Unstable.class), one.name());
        });
  }
}
