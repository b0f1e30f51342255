package dev.stillpoint.qga;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qga.qapi.GuestFsfreezeThaw;
import dev.stillpoint.qga.qapi.GuestPing;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.wire.Json;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/**
 * A guest may say what it likes: it never ends the connection, since a stranger would take our
 * place; who waited has a typed end, and the next command is in step.
 */
class HostileBytesProperties {
  private static final Duration SHORT = Duration.ofSeconds(5);
  private static final Duration LONG = Duration.ofHours(1);

  /** One case takes a millisecond; a machine that is busy takes longer, a hang for ever. */
  private static final Duration NO_HANG = Duration.ofSeconds(20);

  private static final int SHORT_LIMIT = 256;
  private static final Pattern SYNC = Pattern.compile("guest-sync-delimited.*\"id\":(\\d+)");

  @Property(tries = 1500)
  void arbitraryBytesEndNothingAndTheNextCommandIsInStep(
      @ForAll("hostile") String bytes,
      @ForAll @Size(max = 20) List<@IntRange(min = 1, max = 40) Integer> cuts) {
    assertTimeoutPreemptively(
        NO_HANG,
        () -> {
          // given a command that waits
          var agent = AgentOnAClock.synchronised();
          var ping = agent.ask(new GuestPing(), SHORT);
          // when
          int from = 0;
          for (int cut : cuts) {
            int to = Math.min(bytes.length(), from + cut);
            agent.receive(bytes.substring(from, to));
            from = to;
          }
          agent.receive(bytes.substring(from));
          agent.pass(SHORT.plusMillis(1));
          // then
          assertTrue(ping.isDone());
          assertInStep(agent, endedByTimeout(ping));
        });
  }

  /** What is owed to a guest gets through. */
  private static void assertInStep(AgentOnAClock agent, boolean synchronises) {
    agent.written();
    var thaw = agent.ask(new GuestFsfreezeThaw(), LONG);
    Matcher sync = SYNC.matcher(agent.written());
    assertEquals(synchronises, sync.find());
    if (synchronises) {
      // The sentinel of the request has ended what the agent was saying, with a line's end.
      agent.receive("\n" + AgentOnAClock.syncReply(Long.parseLong(sync.group(1))));
    } else {
      agent.receive("\n");
    }
    agent.receive(AgentOnAClock.reply("3", 2));
    assertEquals(3, thaw.join().value());
    assertTrue(agent.channel.isOpen());
    agent.channel.checkException();
  }

  private static boolean endedByTimeout(CompletableFuture<?> done) {
    try {
      done.get();
      return false;
    } catch (ExecutionException e) {
      var typed = assertInstanceOf(CommandException.class, e.getCause());
      return String.valueOf(typed.getMessage()).contains("no reply within");
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Property(tries = 300)
  void aLineWithoutAnEndIsNotKept(
      @ForAll @Size(min = 30, max = 60) List<@IntRange(min = 20, max = 90) Integer> pieces) {
    // given an agent that counts the bytes it holds
    var memory = new UnpooledByteBufAllocator(false);
    var agent = new AgentOnAClock(SHORT_LIMIT);
    agent.channel.config().setAllocator(memory);
    for (int piece : pieces) {
      // when
      agent.receive("x".repeat(piece));
      // then: what is gathered grows by doubling
      long held = memory.metric().usedHeapMemory() + memory.metric().usedDirectMemory();
      assertTrue(held <= 4 * SHORT_LIMIT, held + " bytes");
    }
    assertTrue(agent.channel.isOpen());
  }

  @Property(tries = 100)
  void nestingBeyondTheLimitIsStray(@ForAll @IntRange(min = 1024, max = 4000) int depth) {
    // given
    var agent = AgentOnAClock.synchronised();
    var ping = agent.ask(new GuestPing(), SHORT);
    // when
    agent.receive(AgentOnAClock.reply("[".repeat(depth) + "]".repeat(depth), 1));
    // then
    assertEquals(depth < Json.MAX_NESTING, ping.isDone());
    agent.pass(SHORT.plusMillis(1));
    assertInStep(agent, true);
  }

  @Example
  void anIdBeyond64BitsIsNobodys() {
    // given
    var agent = AgentOnAClock.synchronised();
    var ping = agent.ask(new GuestPing(), SHORT);
    // when its low bits are those of the command
    agent.receive("{\"return\": {}, \"id\": 18446744073709551617}\n");
    // then
    assertEquals(false, ping.isDone());
  }

  @Provide
  Arbitrary<String> hostile() {
    Arbitrary<String> bytes = Arbitraries.strings().withCharRange('\0', '\u00ff').ofMaxLength(40);
    Arbitrary<String> parts =
        Arbitraries.of(
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\u",
            "\n",
            "\r\n",
            "\0",
            "\u00ff",
            "\u00ff\u00ff",
            "\u00ef\u00bb\u00bf",
            "\u00c3",
            "1e999999999",
            "9".repeat(1200),
            "NaN",
            "\u00ff{\"return\": 101}\n",
            "\u00ff{\"return\": 102}\n",
            "\u00ff{\"return\": \"102\"}\n",
            "{\"return\": {}, \"id\": 0}\n",
            "{\"return\": 5, \"id\": 2}\n",
            "{\"QMP\": {}}\n",
            "{\"return\": [1], \"id\": 1}\n",
            "{\"error\": 7, \"id\": 1}\n",
            "{\"error\": {}}\n",
            "{\"return\": {}, \"id\": 1.0}\n",
            "{\"id\": 1}\n",
            "[]\n",
            "7\n",
            "\"x\"\n",
            "null\n");
    return Arbitraries.oneOf(bytes, parts)
        .list()
        .ofMaxSize(12)
        .map(some -> new String(String.join("", some).getBytes(ISO_8859_1), ISO_8859_1));
  }
}
