package dev.stillpoint.qmp.generator.qapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.generator.model.Definition;
import dev.stillpoint.qmp.generator.model.Definition.Flag;
import dev.stillpoint.qmp.generator.model.Life;
import dev.stillpoint.qmp.generator.model.Member;
import dev.stillpoint.qmp.generator.model.Model;
import dev.stillpoint.qmp.generator.model.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SchemaReaderTest {
  @TempDir private Path directory;

  private Model read(String text) {
    try {
      return SchemaReader.read(
          "qmp", new Version(7, 2), Files.writeString(directory.resolve("main.json"), text));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Member plain(String name, String type) {
    return new Member(name, type, false, Life.ALWAYS);
  }

  @Test
  void readsACommandWithEverythingThatOneCanHave() {
    var model =
        read(
            """
            { 'command': 'do-it', 'allow-oob': true, 'allow-preconfig': true, 'coroutine': true,
              'gen': false, 'success-response': false,
              'data': { 'a': 'str', '*b': ['int'],
                        '*c': { 'type': 'bool', 'if': 'CONFIG_C', 'features': ['unstable'] } },
              'returns': ['Thing'],
              'features': [ { 'name': 'deprecated', 'if': 'CONFIG_D' } ],
              'if': { 'all': [ 'CONFIG_A', { 'any': [ 'B', { 'not': 'C' } ] } ] } }
            """);

    assertEquals(
        new Definition.Command(
            "do-it",
            new Life(null, null, "CONFIG_A && (B || !C)", List.of("deprecated")),
            "",
            List.of(
                plain("a", "str"),
                new Member("b", "[int]", true, Life.ALWAYS),
                new Member(
                    "c", "bool", true, new Life(null, null, "CONFIG_C", List.of("unstable")))),
            "[Thing]",
            List.of(Flag.OUT_OF_BAND, Flag.PRECONFIG, Flag.OPEN, Flag.SILENT)),
        model.command("do-it"));
  }

  @Test
  void writesAConditionOfTheOldFormLikeOneOfTheNew() {
    var model =
        read(
            """
            { 'enum': 'E', 'data': [ 'x' ],
              'if': ['defined(CONFIG_A)', '!defined(B) || defined(C)'] }
            """);

    assertEquals("CONFIG_A && (!B || C)", model.definitions().getFirst().life().condition());
  }

  @Test
  void writesAUnionWithoutDiscriminatorAsOneWithIt() {
    var model = read("{ 'union': 'U', 'data': { 'a': 'str', 'b': ['Thing'] } }");

    assertEquals(
        new Definition.Union(
            "U",
            Life.ALWAYS,
            "",
            List.of(plain("type", "UKind")),
            "type",
            List.of(plain("a", "strWrapper"), plain("b", "ThingWrapper"))),
        model.type("U"));
    assertEquals(List.of(plain("data", "[Thing]")), model.allMembers("ThingWrapper"));
    assertEquals(
        new Definition.Enumeration("UKind", Life.ALWAYS, List.of(plain("a", ""), plain("b", ""))),
        model.type("UKind"));
  }

  @Test
  void givesAnObjectTheMembersOfItsBases() {
    var model =
        read(
            """
            { 'struct': 'A', 'data': { 'a': 'int' } }
            { 'struct': 'B', 'base': 'A', 'data': { 'b': 'int' } }
            { 'union': 'C', 'base': 'B', 'discriminator': 'b', 'data': { 'x': 'A' } }
            { 'union': 'D', 'base': { 'd': 'E' }, 'discriminator': 'd', 'data': { 'x': 'A' } }
            { 'alternate': 'F', 'data': { 's': 'str', 'n': 'null' } }
            { 'event': 'G', 'data': 'A', 'boxed': true }
            """);

    assertEquals(List.of(plain("a", "int"), plain("b", "int")), model.allMembers("C"));
    assertEquals(List.of(plain("d", "E")), model.allMembers("D"));
    assertEquals(
        new Definition.Alternate("F", Life.ALWAYS, List.of(plain("s", "str"), plain("n", "null"))),
        model.type("F"));
    assertEquals(new Definition.Event("G", Life.ALWAYS, "A", List.of()), model.event("G"));
  }

  @Test
  void readsEachIncludedFileOnce() throws IOException {
    Files.createDirectory(directory.resolve("sub"));
    Files.writeString(
        directory.resolve("sub/part.json"),
        "{ 'include': '../main.json' } { 'enum': 'Part', 'data': [] }");

    var model =
        read(
            """
            { 'pragma': { 'doc-required': true } }
            { 'include': 'sub/part.json' }
            { 'include': 'sub/part.json' }
            { 'enum': 'Main', 'data': [] }
            """);

    assertEquals(
        List.of("Part", "Main"), model.definitions().stream().map(Definition::name).toList());
    assertTrue(model.commands().findAny().isEmpty());
  }
}
