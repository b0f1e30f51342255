package dev.stillpoint.qmp;

import static dev.stillpoint.qmp.SessionOnAClock.GREETING;
import static dev.stillpoint.qmp.SessionOnAClock.running;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.Transcript.Listener;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.error.ProtocolException;
import dev.stillpoint.qmp.wire.Json;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/**
 * Whatever comes in: no hang, no memory beyond the limits, and no end but a typed one, which nobody
 * waits for.
 */
class HostileBytesProperties {
  private static final Duration LONG = Duration.ofHours(1);

  /** One case takes a millisecond; a machine that is busy takes longer, a hang for ever. */
  private static final Duration NO_HANG = Duration.ofSeconds(20);

  private static final String NEGOTIATED = GREETING + "{\"return\": {}, \"id\": 0}\r\n";
  private static final int SHORT_LIMIT = 256;

  @Property(tries = 1500)
  void arbitraryBytesAreDroppedOrEndAllWithATypedError(
      @ForAll("beginnings") String beginning,
      @ForAll("hostile") byte[] bytes,
      @ForAll @Size(max = 20) List<@IntRange(min = 1, max = 40) Integer> cuts) {
    assertTimeoutPreemptively(
        NO_HANG,
        () -> {
          // given
          var client = new Listener(Transcript.ALL.get(0));
          client.monitor.receive(beginning);
          // when
          feed(client.monitor, bytes, cuts);
          // then
          assertEndsTyped(client);
        });
  }

  @Property(tries = 1500)
  void aTranscriptWithWrongBytesIsReadOrEndsAllWithATypedError(
      @ForAll("transcripts") Transcript transcript,
      @ForAll @Size(min = 1, max = 6) List<@IntRange(max = 2300) Integer> places,
      @ForAll byte wrong,
      @ForAll @IntRange(max = 3) int kind,
      @ForAll @Size(max = 20) List<@IntRange(min = 1, max = 200) Integer> cuts) {
    assertTimeoutPreemptively(
        NO_HANG,
        () -> {
          // given
          byte[] stream = transcript.bytes();
          for (int place : places) {
            stream = damaged(stream, place % stream.length, wrong, kind);
          }
          var client = new Listener(transcript);
          // when
          feed(client.monitor, stream, cuts);
          // then
          assertEndsTyped(client);
        });
  }

  @Property(tries = 300)
  void aMessageBeyondTheLimitEndsAllBeforeItsEndAndIsNotKept(
      @ForAll @IntRange(max = 200) int first,
      @ForAll @Size(min = 30, max = 60) List<@IntRange(min = 20, max = 90) Integer> pieces) {
    // given a client that counts the bytes it holds
    var memory = new UnpooledByteBufAllocator(false);
    var options = new QmpOptions(LONG, LONG, Runnable::run);
    var client = new Listener(Transcript.ALL.get(0), new SessionOnAClock(options, SHORT_LIMIT));
    client.monitor.channel.config().setAllocator(memory);
    client.monitor.receive(NEGOTIATED);
    client.monitor.written();
    // when a line comes that never ends
    int sent = first;
    client.monitor.receive(" ".repeat(first));
    for (int piece : pieces) {
      if (!client.monitor.channel.isOpen()) {
        break;
      }
      client.monitor.receive("x".repeat(piece));
      sent += piece;
    }
    // then it ended as soon as the limit was passed, and nothing is left
    assertFalse(client.monitor.channel.isOpen());
    assertTrue(sent > SHORT_LIMIT && sent <= SHORT_LIMIT + 90, sent + " bytes");
    assertTrue(client.monitor.session.ending().startsWith("a line was longer than"));
    assertEndsTyped(client);
    assertEquals(0, memory.metric().usedHeapMemory() + memory.metric().usedDirectMemory());
  }

  @Property(tries = 200)
  void nestingIsReadUpToTheLimitAndEndsAllBeyondIt(
      @ForAll @IntRange(min = 1, max = 4000) int depth, @ForAll boolean objects) {
    // given
    var client = new Listener(Transcript.ALL.get(0));
    client.monitor.receive(NEGOTIATED);
    String nested =
        objects
            ? "{\"a\":".repeat(depth) + "1" + "}".repeat(depth)
            : "[".repeat(depth) + "]".repeat(depth);
    // when the reply itself is one level
    client.monitor.receive("{\"return\": " + nested + ", \"id\": 1}\r\n");
    // then
    assertEquals(depth + 1 <= Json.MAX_NESTING, client.monitor.channel.isOpen());
    assertEndsTyped(client);
  }

  @Example
  void moreTokensThanTheLimitEndAll() {
    // given
    var client = new Listener(Transcript.ALL.get(0));
    client.monitor.receive(NEGOTIATED);
    // when
    client.monitor.receive("{\"return\": [0" + ",0".repeat(Json.MAX_TOKENS) + "], \"id\": 1}\r\n");
    // then
    assertFalse(client.monitor.channel.isOpen());
    assertEndsTyped(client);
  }

  @Example
  void twoMessagesOnOneLineAreNoMessage() {
    // given two commands
    var client = new Listener(Transcript.ALL.get(0));
    client.monitor.receive(NEGOTIATED);
    // when
    client.monitor.receive(running(1).strip() + running(2));
    // then the second is not lost without a word
    assertFalse(client.monitor.channel.isOpen());
    assertEndsTyped(client);
  }

  @Example
  void anIdBeyond64BitsIsNobodys() {
    // given
    var client = new Listener(Transcript.ALL.get(0));
    client.monitor.receive(NEGOTIATED);
    // when its low bits are those of the first command
    client.monitor.receive("{\"return\": {}, \"id\": 18446744073709551617}\r\n");
    // then
    assertEquals("null", client.heard().get(0));
  }

  @Example
  void anEventWhoseTimeIsNoTimeIsAnEvent() {
    // given
    var client = new Listener(Transcript.ALL.get(0));
    client.monitor.receive(NEGOTIATED);
    // when
    String largest = Long.toString(Long.MAX_VALUE);
    client.monitor.receive(
        "{\"event\": \"STOP\", \"timestamp\": {\"seconds\": %s, \"microseconds\": %s}}\r\n"
            .formatted(largest, largest));
    // then
    assertEquals(1, client.events.size());
    assertTrue(client.monitor.channel.isOpen());
  }

  private static void feed(SessionOnAClock monitor, byte[] bytes, List<Integer> cuts) {
    int from = 0;
    for (int cut : cuts) {
      int to = Math.min(bytes.length, from + cut);
      receive(monitor, Arrays.copyOfRange(bytes, from, to));
      from = to;
    }
    receive(monitor, Arrays.copyOfRange(bytes, from, bytes.length));
  }

  private static void receive(SessionOnAClock monitor, byte[] piece) {
    if (monitor.channel.isOpen()) {
      monitor.receive(piece);
    }
  }

  /** Where it has ended, nobody waits; where it has not, the end of the connection ends all. */
  private static void assertEndsTyped(Listener client) {
    QmpSession session = client.monitor.session;
    if (client.monitor.channel.isOpen()) {
      assertFalse(session.closed().isDone());
      var unused = client.monitor.channel.close();
    }
    client.monitor.channel.checkException();
    assertTrue(session.closed().isDone());
    assertFalse(session.ending().startsWith("the connection failed"), session.ending());
    assertTrue(session.ready().isDone());
    failure(session.ready(), ProtocolException.class);
    for (CompletableFuture<?> reply : client.replies) {
      assertTrue(reply.isDone());
      failure(reply, CommandException.class);
    }
  }

  private static void failure(CompletableFuture<?> done, Class<? extends Exception> type) {
    try {
      done.get();
    } catch (ExecutionException e) {
      assertInstanceOf(type, e.getCause());
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] damaged(byte[] stream, int place, byte wrong, int kind) {
    var damaged = new ByteArrayOutputStream();
    damaged.write(stream, 0, place);
    int rest = place;
    switch (kind) {
      case 0 -> {
        damaged.write(wrong);
        rest = place + 1;
      }
      case 1 -> damaged.write(wrong);
      case 2 -> rest = place + 1;
      default -> rest = Math.min(stream.length, place + Math.max(1, wrong));
    }
    damaged.write(stream, rest, stream.length - rest);
    return damaged.size() == 0 ? stream : damaged.toByteArray();
  }

  @Provide
  Arbitrary<Transcript> transcripts() {
    return Arbitraries.of(Transcript.ALL);
  }

  @Provide
  Arbitrary<String> beginnings() {
    return Arbitraries.of("", GREETING, NEGOTIATED);
  }

  @Provide
  Arbitrary<byte[]> hostile() {
    Arbitrary<String> bytes = Arbitraries.strings().withCharRange('\0', '\u00ff').ofMaxLength(40);
    Arbitrary<String> words =
        Arbitraries.of(
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "\\u",
            "\\ud800",
            "\\udc00",
            "\n",
            "\r\n",
            "\r",
            "\0",
            "\u00ef\u00bb\u00bf",
            "\u00fe\u00ff",
            "\u00ff\u00fe\0\0",
            "\u00c3",
            "\u00f0\u009f\u0092",
            "null",
            "true",
            "NaN",
            "-",
            "-0",
            "01",
            "1e999999999",
            "9".repeat(40),
            "9".repeat(1200),
            "0.".repeat(3),
            "\"id\"",
            "\"id\": 1",
            "\"return\"",
            "\"error\": 7",
            "\"event\"",
            "\"QMP\"",
            "/* */",
            "#",
            "'",
            " ");
    Arbitrary<String> members =
        Arbitraries.of(
            "\"return\": {}",
            "\"return\": null",
            "\"error\": {\"class\": 1}",
            "\"error\": []",
            "\"event\": {}",
            "\"event\": \"RESET\", \"data\": 5",
            "\"timestamp\": 1e300",
            "\"timestamp\": {\"seconds\": -9223372036854775808, \"microseconds\": 1e18}",
            "\"timestamp\": {\"seconds\": 99999999999999999999}",
            "\"QMP\": 7",
            "\"QMP\": {\"version\": {\"qemu\": {\"major\": 1e9}}}",
            "\"QMP\": {\"version\": {\"qemu\": {\"major\": 9}}, \"capabilities\": {\"a\": [{}]}}",
            "\"id\": 0",
            "\"id\": 1",
            "\"id\": \"1\"",
            "\"id\": 1.0",
            "\"id\": [1]",
            "\"id\": 1000000000000000000000");
    Arbitrary<String> messages =
        members.list().ofMaxSize(4).map(some -> "{" + String.join(", ", some) + "}\r\n");
    return Arbitraries.oneOf(bytes, words, messages)
        .list()
        .ofMaxSize(12)
        .map(parts -> String.join("", parts).getBytes(ISO_8859_1));
  }

  @Example
  void aLineOfTheLongestLengthIsRead() {
    // given
    var options = new QmpOptions(LONG, LONG, Runnable::run);
    var client = new Listener(Transcript.ALL.get(0), new SessionOnAClock(options, SHORT_LIMIT));
    client.monitor.receive(NEGOTIATED);
    String reply = running(1).strip();
    // when
    client.monitor.receive(
        (reply + " ".repeat(SHORT_LIMIT - reply.length()) + "\n").getBytes(UTF_8));
    // then
    assertTrue(client.monitor.channel.isOpen());
    assertTrue(client.heard().get(0).contains("running"));
  }
}
