package dev.stillpoint.qmp.qapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.QmpEvent;
import dev.stillpoint.qmp.command.Command;
import dev.stillpoint.qmp.wire.Json;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** How commands are written and replies are read: the shapes that are easy to get wrong. */
class WireFormTest {
  private static String line(Command<?> command) {
    return new String(Json.line(command.command(), command, 1), StandardCharsets.UTF_8)
        .replace('"', '\'')
        .strip();
  }

  private static JsonNode json(String text) {
    try {
      return Json.parse(Unpooled.copiedBuffer(text.replace('\'', '"'), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aNodeWithAnotherWithinAndNoBackingFile() {
    var overlay =
        BlockdevOptions.Qcow2.of(BlockdevRef.of(BlockdevOptions.File.of("/x")))
            .withNodeName("top")
            .withL2CacheSize(65536L)
            .withBacking(BlockdevRefOrNull.none());

    assertEquals(
        json(
            "{'execute':'blockdev-add','id':1,'arguments':{'driver':'qcow2','node-name':'top',"
                + "'file':{'driver':'file','filename':'/x'},'backing':null,"
                + "'l2-cache-size':65536}}"),
        json(line(new BlockdevAdd(overlay))));
  }

  @Test
  void aCommandThatIsAnActionOfATransactionToo() {
    var snapshot = new BlockdevSnapshot("node", "overlay");
    assertEquals(
        "{'execute':'blockdev-snapshot','arguments':{'node':'node','overlay':'overlay'},'id':1}",
        line(snapshot));

    JsonNode action = Json.tree(new TransactionAction.BlockdevSnapshot(snapshot));
    assertEquals(
        json("{'type':'blockdev-snapshot','data':{'node':'node','overlay':'overlay'}}"), action);
  }

  @Test
  void aDeviceWithPropertiesThatNoSchemaTells() {
    var device = DeviceAdd.of("virtio-blk-pci").withId("d").withProperties(Map.of("drive", "n"));

    assertEquals(
        json("{'driver':'virtio-blk-pci','id':'d','drive':'n'}"),
        json(line(device)).path("arguments"));
    assertFalse(line(DeviceAdd.of("x")).contains("properties"), line(DeviceAdd.of("x")));
  }

  @Test
  void noArgumentsAreNoMember() {
    assertEquals("{'execute':'query-block','id':1}", line(new QueryBlock()));
  }

  @Test
  void aReplyIsOfTheTypeOfItsCommand() {
    List<BlockJobInfo> jobs =
        Json.bind(
            json(
                "[{'type':'commit','device':'j','len':18446744073709551615,'offset':0,'busy':true,"
                    + "'paused':false,'speed':0,'io-status':'ok','ready':false,"
                    + "'status':'running','auto-finalize':true,'auto-dismiss':true}]"),
            new QueryBlockJobs());

    BlockJobInfo job = jobs.getFirst();
    assertEquals("j", job.device());
    assertEquals(-1, job.len());
    assertEquals("18446744073709551615", Long.toUnsignedString(job.len()));
    assertNull(job.error());
  }

  @Test
  void whatANewerVersionSaysIsKeptAsItIs() {
    var job = Json.convert(json("{'driver':'later','node-name':'n','x':1}"), BlockdevOptions.class);
    assertEquals("n", assertInstanceOf(BlockdevOptions.Other.class, job).nodeName());
    assertEquals("later", job.driver().value());

    JobStatus status = Json.convert(json("'resting'"), JobStatus.class);
    assertEquals("resting", status.value());
    assertFalse(status.known());
    assertTrue(JobStatus.of("running").known());
    assertEquals(JobStatus.RUNNING, JobStatus.of("running"));

    assertEquals(new BlockdevRef.Other(json("7")), Json.convert(json("7"), BlockdevRef.class));
  }

  @Test
  void aSecretIsInNoText() {
    var command = new SetPassword(new SetPasswordOptions.Vnc("hunter2", null, null));

    assertFalse(command.toString().contains("hunter2"), command::toString);
    assertTrue(line(command).contains("hunter2"));
  }

  private static QmpEvent event(String name, String data) {
    return new QmpEvent(name, json(data), Instant.EPOCH);
  }

  @Test
  void anEventIsReadAsItsTypeOrNotAtAll() {
    var changed = event("JOB_STATUS_CHANGE", "{'id':'j','status':'resting','later':1}");
    var expected = new JobStatusChangeEvent("j", JobStatus.of("resting"));

    assertEquals(Optional.of(expected), changed.typed());
    assertEquals(Optional.of(expected), changed.as(JobStatusChangeEvent.class));
    assertEquals(Optional.empty(), changed.as(StopEvent.class));
    assertEquals(Optional.of(new StopEvent()), event("STOP", "{}").typed());
    assertEquals(Optional.empty(), event("OF_A_LATER_VERSION", "{}").typed());
    assertEquals(Optional.empty(), event("JOB_STATUS_CHANGE", "{'id':{}}").typed());
  }
}
