package dev.stillpoint.qmp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.Transcript.Listener;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a real QEMU said is understood, wherever the stream is cut in two. */
@Timeout(60)
class TranscriptTest {
  private static final String NAME = "mäßig 漢字 😀";

  static Stream<byte[]> streams() {
    return Transcript.ALL.stream()
        .flatMap(
            one -> Stream.of(one.bytes(), Transcript.withoutEscapes(one.text()).getBytes(UTF_8)));
  }

  private static Transcript of(byte[] stream) {
    return Transcript.ALL.stream()
        .filter(one ->
            new String(stream, UTF_8).equals(one.text())
                || new String(stream, UTF_8).equals(Transcript.withoutEscapes(one.text())))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("streams")
  void aCutAtAnyByteChangesNothing(byte[] stream) {
    // given what is heard of the whole
    Transcript transcript = of(stream);
    var whole = new Listener(transcript);
    whole.monitor.receive(stream);
    assertTrue(whole.monitor.channel.isOpen());
    for (int at = 1; at < stream.length; at++) {
      // when
      var cut = new Listener(transcript);
      cut.monitor.receive(Arrays.copyOf(stream, at));
      cut.monitor.receive(Arrays.copyOfRange(stream, at, stream.length));
      // then
      assertEquals(whole.heard(), cut.heard(), "cut at " + at);
    }
  }

  @ParameterizedTest
  @MethodSource("streams")
  void neitherDoesACutAtEveryByte(byte[] stream) {
    // given
    Transcript transcript = of(stream);
    var whole = new Listener(transcript);
    whole.monitor.receive(stream);
    // when
    var bytes = new Listener(transcript);
    for (byte one : stream) {
      bytes.monitor.receive(new byte[] {one});
    }
    // then
    assertEquals(whole.heard(), bytes.heard());
  }

  @Test
  void repliesErrorsAndEventsAreWhatQemuMeant() {
    // given
    var plain = new Listener(Transcript.ALL.get(0));
    // when
    plain.monitor.receive(Transcript.ALL.get(0).bytes());
    // then
    List<String> heard = plain.heard();
    assertEquals(12, heard.size());
    assertTrue(heard.get(0).startsWith("QmpEvent[name=STOP"), heard.get(0));
    assertTrue(heard.get(2).contains("reason=host-qmp-system-reset"), heard.get(2));
    assertTrue(heard.get(4).contains(NAME + " \\\"q\\\" \\\\ \\t/"), heard.get(4));
    assertEquals(
        "Refused: asked-5 was refused: The command nosuchcommand has not been found", heard.get(7));
    assertTrue(heard.get(8).endsWith("node-name='nö\u0001\"de'"), heard.get(8));
  }

  @Test
  void anEventBeforeTheGreetingIsAnEvent() {
    // given
    var early = new Listener(Transcript.ALL.get(3));
    // when
    early.monitor.receive(Transcript.ALL.get(3).bytes());
    // then
    assertTrue(early.events.get(0).startsWith("QmpEvent[name=RESUME"), early.events::toString);
    assertEquals(7, early.monitor.session.ready().join().version().major());
  }

  @Test
  void aReplyThatOvertookIsItsOwnCommands() {
    // given
    var overtaken = new Listener(Transcript.ALL.get(1));
    byte[] bytes = Transcript.ALL.get(1).bytes();
    int third = Transcript.ALL.get(1).text().indexOf("\"id\": 3") + "\"id\": 3}\r\n".length();
    // when the reply to the third has come, and to no other
    overtaken.monitor.receive(Arrays.copyOf(bytes, third));
    // then
    assertEquals(
        List.of("null", "null", "[{\"type\":\"chardev\",\"id\":\"compat_monitor0\"}]"),
        overtaken.heard().subList(0, 3));
  }
}
