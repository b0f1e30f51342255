package dev.stillpoint.qmp;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stillpoint.qmp.command.QmpCommand;
import dev.stillpoint.qmp.command.Timed;
import dev.stillpoint.qmp.error.CommandException;
import dev.stillpoint.qmp.wire.Pending;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * What a real QEMU 7.2 sent, byte for byte: to one that asked with the ids 1, 2, 3, ... after a
 * negotiation with the id 0. {@code schema} is cut down to a few entries; {@code early} is of a
 * QEMU that was still starting, and has an event before the greeting.
 *
 * @param name of the file
 * @param asked the highest id
 */
record Transcript(String name, int asked) {
  static final List<Transcript> ALL =
      List.of(
          new Transcript("plain", 9),
          new Transcript("oob", 5),
          new Transcript("schema", 1),
          new Transcript("early", 0));

  private static final Duration LONG = Duration.ofHours(1);

  /** Any command: what it is answered with is looked at as it stands. */
  private record Asked(String command) implements QmpCommand<JsonNode> {
    @Override
    public Type resultType() {
      return JsonNode.class;
    }
  }

  byte[] bytes() {
    try (InputStream in = Transcript.class.getResourceAsStream("transcripts/" + name + ".qmp")) {
      return Objects.requireNonNull(in).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The same message where QEMU's escapes are the characters themselves, in UTF-8. */
  static String withoutEscapes(String text) {
    var plain = new StringBuilder();
    int from = 0;
    for (int at = text.indexOf("\\u"); at >= 0; at = text.indexOf("\\u", from)) {
      char unit = (char) Integer.parseInt(text.substring(at + 2, at + 6), 16);
      plain.append(text, from, at);
      from = at + 6;
      if (unit < ' ') {
        plain.append(text, at, from);
      } else {
        plain.append(unit);
      }
    }
    return plain.append(text.substring(from)).toString();
  }

  String text() {
    return new String(bytes(), US_ASCII);
  }

  /** What a client hears that has asked for everything before the first byte comes. */
  static final class Listener {
    final SessionOnAClock monitor;
    final List<String> events = new ArrayList<>();
    final List<CompletableFuture<Timed<JsonNode>>> replies = new ArrayList<>();

    Listener(Transcript transcript) {
      this(transcript, new SessionOnAClock());
    }

    Listener(Transcript transcript, SessionOnAClock monitor) {
      this.monitor = monitor;
      monitor.session.subscribe(
          new QmpSubscription(
              event -> true,
              event -> events.add(event + " " + event.typed()),
              Runnable::run,
              monitor.session::unsubscribe));
      for (int id = 1; id <= transcript.asked(); id++) {
        var pending = new Pending<>(new Asked("asked-" + id), id, LONG, Runnable::run);
        monitor.session.submit(pending);
        replies.add(pending.reply());
      }
    }

    /** All that was heard, and how each command ended; {@code null} for one that has not. */
    List<String> heard() {
      var heard = new ArrayList<>(events);
      for (CompletableFuture<Timed<JsonNode>> reply : replies) {
        heard.add(reply.isDone() ? end(reply) : "null");
      }
      return heard;
    }

    private static String end(CompletableFuture<Timed<JsonNode>> reply) {
      try {
        return reply.join().value().toString();
      } catch (CompletionException e) {
        return e.getCause() instanceof CommandException typed
            ? typed.getClass().getSimpleName() + ": " + typed.getMessage()
            : "NOT TYPED: " + e.getCause();
      }
    }
  }
}
