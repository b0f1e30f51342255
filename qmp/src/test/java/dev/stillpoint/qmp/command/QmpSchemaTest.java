package dev.stillpoint.qmp.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.SmallSchema;
import dev.stillpoint.qmp.schema.SchemaCommand;
import dev.stillpoint.qmp.schema.SchemaEvent;
import dev.stillpoint.qmp.schema.SchemaType;
import dev.stillpoint.qmp.wire.Json;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class QmpSchemaTest {
  private final QmpSchema schema = new QmpSchema(json(SmallSchema.ANSWER));

  private static JsonNode json(String text) {
    try {
      return Json.parse(Unpooled.copiedBuffer(text.replace('\'', '"'), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private SchemaFindings check(String command, String arguments) {
    return schema.check(command, (ObjectNode) json(arguments));
  }

  @Test
  void knowsCommandsEventsAndFeatures() {
    assertTrue(schema.hasCommand("blockdev-add"));
    assertFalse(schema.hasCommand("STOP"));
    assertTrue(schema.hasEvent("STOP"));
    assertFalse(schema.hasEvent("RESUME"));
    assertEquals(Set.of("STOP"), schema.events());
    assertTrue(schema.hasFeature("block-commit", "deprecated"));
    assertFalse(schema.hasFeature("blockdev-add", "deprecated"));
    assertTrue(schema.hasArgumentFeature("block-commit", "base", "deprecated"));
    assertFalse(schema.hasArgumentFeature("block-commit", "device", "deprecated"));
  }

  @Test
  void tellsCommandsEventsAndTheirTypes() {
    SchemaCommand commit = schema.command("block-commit").orElseThrow();
    assertEquals(
        new SchemaCommand("block-commit", "9", "0", List.of("deprecated"), false, false), commit);
    assertEquals(
        new SchemaType.Members(
            List.of(
                new SchemaType.Member("device", "str", false, List.of()),
                new SchemaType.Member("base", "str", true, List.of("deprecated"))),
            Optional.empty(),
            Map.of()),
        schema.typeOf(commit.arguments()));
    var image =
        (SchemaType.Members)
            schema.typeOf(schema.command("blockdev-add").orElseThrow().arguments());
    assertEquals(Optional.of("driver"), image.tag());
    assertEquals(Map.of("file", "3", "qcow2", "4"), image.kinds());
    assertEquals(new SchemaType.Choice(List.of("1", "str")), schema.typeOf("5"));
    assertEquals(new SchemaType.Listing("6"), schema.typeOf("[6]"));
    assertTrue(((SchemaType.Words) schema.typeOf("2")).has("qcow2"));
    assertEquals(new SchemaType.Plain(SchemaType.Json.INT), schema.typeOf("int"));
    assertEquals(new SchemaType.Plain(SchemaType.Json.VALUE), schema.typeOf("of a later QEMU"));
    assertEquals(Optional.of(new SchemaEvent("STOP", "0", List.of())), schema.event("STOP"));
    assertEquals(Optional.empty(), schema.command("STOP"));
  }

  @Test
  void aDeviceTakesWhatNoSchemaTells() {
    assertTrue(check("device_add", "{'driver': 'x', 'drive': 'n'}").allKnown());
    assertEquals(List.of("driver"), check("device_add", "{'drive': 'n'}").missing());
  }

  @Test
  void findsArgumentsWithinKindsFormsAndLists() {
    assertTrue(schema.hasArgument("blockdev-add", "node-name"));
    assertTrue(schema.hasArgument("blockdev-add", "filename"));
    assertTrue(schema.hasArgument("blockdev-add", "file.file.filename"));
    assertTrue(schema.hasArgument("blockdev-add", "hints.hint"));
    assertFalse(schema.hasArgument("blockdev-add", "hints.filename"));
    assertFalse(schema.hasArgument("blockdev-add", "file.nothing"));
    assertFalse(schema.hasArgument("nothing", "file"));
    assertTrue(schema.hasArgumentValue("blockdev-add", "file.driver", "qcow2"));
    assertFalse(schema.hasArgumentValue("blockdev-add", "file.driver", "raw"));
  }

  @Test
  void passesWhatItKnows() {
    String arguments =
        "{'driver':'qcow2','file':{'driver':'file','filename':'/x'},'hints':[{'hint':1}]}";

    SchemaFindings findings = check("blockdev-add", arguments);

    assertTrue(findings.allKnown(), findings::toString);
    assertEquals(json(arguments), findings.arguments());
    assertTrue(check("blockdev-add", "{'driver':'qcow2','file':'node'}").allKnown());
  }

  @Test
  void takesOutUnknownMembersWhereverTheyAre() {
    SchemaFindings findings =
        check(
            "blockdev-add",
            "{'driver':'qcow2','new':1,'file':{'driver':'file','filename':'/x','aio':'y'},"
                + "'hints':[{'hint':1},{'hint':2,'more':3}]}");

    assertEquals(List.of("new", "file.aio", "hints[1].more"), findings.unknownMembers());
    assertTrue(findings.canLeaveOut());
    assertEquals(
        json(
            "{'driver':'qcow2','file':{'driver':'file','filename':'/x'},"
                + "'hints':[{'hint':1},{'hint':2}]}"),
        findings.arguments());
  }

  @Test
  void doesNotLeaveOutAWordOrWhatIsDemanded() {
    SchemaFindings word = check("blockdev-add", "{'driver':'raw'}");
    assertEquals(List.of("driver=raw"), word.unknownValues());
    assertFalse(word.canLeaveOut());

    SchemaFindings renamed = check("block-commit", "{'node':'a'}");
    assertEquals(List.of("device"), renamed.missing());
    assertFalse(renamed.canLeaveOut());
  }

  @Test
  void takesAnythingWhereNothingIsTold() {
    assertTrue(check("query-status", "{'whatever':1}").allKnown());
    assertThrows(IllegalArgumentException.class, () -> check("nothing", "{}"));
  }

  @Test
  void isSharedByWhoeverHasTheSameAnswer() {
    assertSame(
        QmpSchema.shared(json(SmallSchema.ANSWER)), QmpSchema.shared(json(SmallSchema.ANSWER)));
    assertFalse(QmpSchema.shared(json("[]")).hasCommand("blockdev-add"));
  }
}
