package dev.stillpoint.qga;

import static dev.stillpoint.qga.AgentOnAClock.reply;
import static dev.stillpoint.qga.AgentOnAClock.request;
import static dev.stillpoint.qga.AgentOnAClock.syncReply;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.stillpoint.qga.qapi.GuestFsfreezeFreeze;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Whatever lies in the channel, and however it is cut, the client is in step after its sync. */
class StrayBytesProperties {

  @Property(tries = 500)
  void whatLiesBeforeTheSyncIsNeverTakenForAReply(
      @ForAll("stray") String stray,
      @ForAll @Size(max = 30) List<@IntRange(min = 1, max = 20) Integer> cuts) {
    // given
    var agent = new AgentOnAClock();
    var freeze = agent.ask(new GuestFsfreezeFreeze(), Duration.ofHours(1));
    agent.written();
    // when
    String stream = stray + syncReply(AgentOnAClock.FIRST_SYNC);
    int from = 0;
    for (int cut : cuts) {
      int to = Math.min(stream.length() - 1, from + cut);
      agent.receive(stream.substring(from, to));
      from = to;
    }
    assertFalse(freeze.isDone());
    assertEquals("", agent.written());
    agent.receive(stream.substring(from));
    // then
    assertEquals(request("guest-fsfreeze-freeze", 1), agent.written());
    agent.receive(reply("5", 1));
    assertEquals(5, freeze.join().value());
  }

  @Provide
  Arbitrary<String> stray() {
    Arbitrary<String> bytes = Arbitraries.strings().withCharRange('\0', '\u00ff').ofMaxLength(12);
    Arbitrary<String> lines =
        Arbitraries.of(
            "{\"return\": 2}\n",
            reply("2", 1),
            syncReply(100),
            "{\"return\": {\"ver",
            "\u00ff",
            "{\"error\": {\"class\": \"GenericError\", \"desc\": \"x\"}, \"id\": 1}\n");
    return Arbitraries.oneOf(bytes, lines).list().ofMaxSize(6).map(parts -> String.join("", parts));
  }
}
