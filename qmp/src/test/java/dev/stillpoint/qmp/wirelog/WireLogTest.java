package dev.stillpoint.qmp.wirelog;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.QmpOptions;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import java.io.IOException;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What goes over the wire, in a file, without its secrets, and without a disturbance. */
@Timeout(60)
class WireLogTest {
  private static final Instant TIME = Instant.parse("2026-03-01T12:00:00.000042999Z");

  private final Conversation conversation = new Conversation("qmp");
  private final List<IOException> failures = new CopyOnWriteArrayList<>();
  @TempDir Path directory;

  private String sent(String json) {
    return text(json, true);
  }

  private String received(String json) {
    return text(json, false);
  }

  private String text(String json, boolean sent) {
    byte[] bytes = json.replace('\'', '"').getBytes(UTF_8);
    return conversation
        .text(new WireLog.Line(conversation, sent, false, TIME, ByteBuffer.wrap(bytes)))
        .replace('"', '\'');
  }

  @Test
  void aLineHasItsTimeItsDirectionAndItsMessage() {
    assertEquals(
        "2026-03-01T12:00:00.000042Z qmp -> {'execute':'stop','id':1}",
        sent("{'execute': 'stop', 'id': 1}\n"));
    assertEquals(
        "2026-03-01T12:00:00.000042Z qmp <- {'return':{'a':'b'},'id':1}",
        received("{'return': {'a': 'b'}, 'id': 1}\r"));
    assertTrue(
        received("{'event': 'STOP', 'data': {'x': 1}}")
            .endsWith("{'event':'STOP','data':{'x':1}}"));
  }

  @Test
  void secretsInTheNamesOfImagesAreReplacedWhereverTheyStand() {
    sent("{'execute':'query-block','id':1}");
    String reply = received("{'return':[{'file':'rbd:p/i:key=HUSH:id=x'}],'id':1}");
    String error = received("{'error':{'class':'GenericError','desc':'no http://u:HUSH@h/'}}");
    String event = received("{'event':'X','data':{'reason':'no http://u:HUSH@h/'}}");

    assertTrue(reply.contains("'rbd:p/i:key=(secret):id=x'"), reply);
    assertTrue(error.contains("no http://(secret)@h/"), error);
    assertTrue(event.contains("no http://(secret)@h/"), event);
  }

  @Test
  void secretsAreReplacedInCommandsAndInTheRepliesToThem() {
    assertTrue(
        sent("{'execute':'object-add','arguments':{'qom-type':'secret','data':'hush'},'id':1}")
            .contains("'arguments':{'qom-type':'secret','data':'(secret)'}"));
    sent("{'execute':'guest-file-read','arguments':{'handle':1},'id':2}");
    assertTrue(
        received("{'return':{'count':1,'buf-b64':'aHVzaA=='},'id':2}").contains("'(secret)'"));
    sent("{'execute':'ringbuf-read','arguments':{'size':1},'id':3}");
    assertTrue(received("{'return':'hush','id':3}").contains("'return':'(secret)'"));
    sent("{'execute':'qom-get','arguments':{'path':'/objects/s','property':'data'},'id':4}");
    assertTrue(received("{'return':'hush','id':4}").contains("'return':'(secret)'"));
    assertTrue(
        sent("{'exec-oob':'set_password','arguments':{'password':'hush'},'id':5}")
            .contains("'(secret)'"));
    assertTrue(
        sent("{'execute':'qom-set','arguments':{'property':'data','value':'hush'},'id':6}")
            .contains("'value':'(secret)'"));
  }

  @Test
  void theAnswerToNobodyIsNotShown() {
    assertTrue(received("{'return':{'password-file':'hush'},'id':9}").contains("'(secret)'"));
    assertTrue(received("{'return':{},'id':9}").contains("'return':{}"));
  }

  @Test
  void whatIsNoMessageIsCounted() {
    assertTrue(received("hush").endsWith("<- (4 bytes that are no message)"));
  }

  @Test
  void theMarkBeforeAnAgentsLineIsNoPartOfIt() {
    byte[] bytes = "?{\"return\":5}".getBytes(UTF_8);
    bytes[0] = (byte) 0xFF;
    String line =
        conversation.text(
            new WireLog.Line(conversation, false, false, TIME, ByteBuffer.wrap(bytes)));
    assertTrue(line.endsWith("<- {\"return\":5}"), line);
  }

  @Test
  void aLongLineIsCutAndItsLengthTold() {
    // given
    sent("{'execute':'query-x','id':1}");
    String longLine = "{'return':'" + "x".repeat(2 * WireLog.MAX_LENGTH) + "','id':1}";
    // when
    String line = received(longLine);
    // then
    assertTrue(line.endsWith("... (cut; " + longLine.length() + " bytes in all)"), line);
    assertTrue(line.length() < WireLog.MAX_LENGTH + 100);
  }

  @Test
  void aFileIsItsOwnersAloneAndIsAppendedTo() throws Exception {
    // given
    Path file = directory.resolve("wire");
    // when
    for (int i = 0; i < 2; i++) {
      try (WireLog log = WireLog.open(file, failures::add)) {
        log.connection("qga").sent("{\"id\":1}\n".getBytes(UTF_8), true);
      }
    }
    // then
    List<String> lines = Files.readAllLines(file);
    assertEquals(2, lines.size());
    assertTrue(lines.get(1).endsWith(" qga -> {\"id\":1} (with an open file)"), lines.get(1));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertThrows(IOException.class, () -> WireLog.open(directory, failures::add));
    assertEquals(List.of(), failures);
  }

  @Test
  void troubleIsToldOnceAndDisturbsNobody() throws Exception {
    // given
    var failed = new CountDownLatch(1);
    Writer full =
        new Writer() {
          @Override
          public void write(char[] text, int from, int length) throws IOException {
            throw new IOException("no space");
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    WireLog log =
        WireLog.to(
            full,
            failure -> {
              failures.add(failure);
              failed.countDown();
            });
    var connection = log.connection("qmp");
    // when
    connection.sent("{}".getBytes(UTF_8), false);
    failed.await();
    connection.sent("{}".getBytes(UTF_8), false);
    log.close();
    // then
    assertEquals(1, failures.size());
    assertEquals(1, log.dropped());
  }

  @Test
  void whoIsFasterThanTheFileLosesLinesAndNoTime() throws Exception {
    // given
    var begun = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    var text = new StringWriter();
    Writer slow =
        new Writer() {
          @Override
          public void write(char[] chars, int from, int length) throws IOException {
            begun.countDown();
            try {
              go.await();
            } catch (InterruptedException e) {
              throw new IOException(e);
            }
            text.write(chars, from, length);
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    WireLog log = WireLog.to(slow, failures::add);
    var connection = log.connection("qmp");
    connection.sent("{}".getBytes(UTF_8), false);
    begun.await();
    // when
    for (int i = 0; i < WireLog.MAX_WAITING + 7; i++) {
      connection.sent("{}".getBytes(UTF_8), false);
    }
    go.countDown();
    log.close();
    // then
    assertEquals(7, log.dropped());
    assertTrue(text.toString().endsWith("(7 lines were lost here)\n"), text.toString());
    assertEquals(WireLog.MAX_WAITING + 2, text.toString().lines().count());
  }

  @Test
  void aClientWritesBothDirections() {
    // given
    var text = new StringWriter();
    try (FakeQmpServer monitor = FakeQmpServer.start()) {
      monitor.on("stop").returns("{}");
      WireLog log = WireLog.to(text, failures::add);
      // when
      try (var client =
          QmpClient.connect(monitor.endpoint(), QmpOptions.defaults().withWireLog(log)).join()) {
        client.execute("stop", JsonNodeFactory.instance.objectNode()).join();
      }
      log.close();
    }
    // then
    List<String> lines = text.toString().lines().map(line -> line.substring(28)).toList();
    assertEquals(
        List.of("qmp <-", "qmp ->", "qmp <-", "qmp ->", "qmp <-"),
        lines.stream().map(line -> line.substring(0, 6)).toList());
    assertFalse(lines.isEmpty());
  }
}
