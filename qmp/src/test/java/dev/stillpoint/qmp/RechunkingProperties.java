package dev.stillpoint.qmp;

import static dev.stillpoint.qmp.SessionOnAClock.GREETING;
import static dev.stillpoint.qmp.SessionOnAClock.running;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.qapi.StatusInfo;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** A stream of bytes has no parts: however it is cut, the same is understood. */
class RechunkingProperties {

  @Property(tries = 300)
  void theCutsOfAStreamChangeNothing(
      @ForAll @Size(max = 40) List<@IntRange(min = 1, max = 60) Integer> cuts) {
    // given two commands, and a stream with events and text beyond ASCII among the replies
    var monitor = new SessionOnAClock();
    List<String> events = new ArrayList<>();
    monitor.session.subscribe(
        new QmpSubscription(
            event -> true,
            event -> events.add(event.data().path("path").asText()),
            Runnable::run,
            monitor.session::unsubscribe));
    List<CompletableFuture<Timed<StatusInfo>>> replies =
        List.of(monitor.ask(Duration.ofHours(1)), monitor.ask(Duration.ofHours(1)));
    byte[] stream =
        (GREETING
                + event("/größe/磁盘/💾")
                + "{\"return\": {}, \"id\": 0}\n"
                + running(2)
                + event("b\\n{}")
                + running(1))
            .getBytes(UTF_8);
    // when
    int from = 0;
    for (int cut : cuts) {
      int to = Math.min(stream.length, from + cut);
      monitor.receive(Arrays.copyOfRange(stream, from, to));
      from = to;
    }
    monitor.receive(Arrays.copyOfRange(stream, from, stream.length));
    // then
    assertEquals(List.of("/größe/磁盘/💾", "b\n{}"), events);
    replies.forEach(reply -> assertTrue(reply.join().value().running()));
  }

  private static String event(String path) {
    return "{\"event\": \"E\", \"data\": {\"path\": \"" + path + "\"}, \"timestamp\": {}}\r\n";
  }
}
