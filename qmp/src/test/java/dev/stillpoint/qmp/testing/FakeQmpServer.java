package dev.stillpoint.qmp.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.wire.Json;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A monitor in this process, on a real unix socket, for tests of whatever speaks QMP. It greets,
 * negotiates, answers what it was told to answer, and refuses every other command as QEMU does.
 * Commands are handled one by one, in order, on a thread of its own. Lines are cut and read by the
 * codec of the client.
 *
 * {@snippet :
 * try (var monitor = FakeQmpServer.start()) {
 *   monitor.on("query-status").returns("{'status': 'running', 'running': true}");
 *   monitor.on("cont").fails("GenericError", "the guest has had enough");
 *   monitor.fault("query-status", Fault.LOST).fault("query-status", Fault.SLOW);
 *   try (var client = QmpClient.connect(monitor.endpoint()).join()) {
 *     // the first query-status times out, the second is answered slowly, the third at once
 *   }
 * }
 * }
 *
 * <p>{@link #on} scripts answers, {@link #fault} what becomes of them on their way, {@link #event}
 * tells events, {@link #opensWith} replaces the greeting, {@link #commands} and {@link #requests}
 * tell what was asked. {@link #peer} is the socket itself: it ends connections, releases held
 * replies, stops reading and sends bytes as they are. It may be used from any thread. It serves one
 * client at a time, as QEMU does; the next one is greeted when that one has left.
 */
public final class FakeQmpServer implements AutoCloseable {
  /** What QEMU 7.2 says first. */
  public static final String GREETING =
      "{'QMP': {'version': {'qemu': {'micro': 22, 'minor': 2, 'major': 7}, 'package': ''},"
          + " 'capabilities': ['oob']}}";

  private static final byte SENTINEL = (byte) 0xFF;

  private final Map<String, Function<JsonNode, Answer>> answers = new HashMap<>();
  private final Map<String, String> texts = new HashMap<>();
  private final Map<String, Deque<Fault>> faults = new HashMap<>();
  private final List<JsonNode> requests = new ArrayList<>();
  private final FakePeer peer;
  private String opening = GREETING + "\n";
  private int toGreetTwice;
  private boolean deaf;
  private boolean negotiated;

  /** The end of {@link #on}: what the command is answered with, each time. */
  public final class Rule {
    private final String command;

    private Rule(String command) {
      this.command = command;
    }

    /** A value, as JSON; single quotes count as double ones. */
    public FakeQmpServer returns(String json) {
      return answers(arguments -> Answer.value(json));
    }

    /** An error. */
    public FakeQmpServer fails(String errorClass, String description) {
      return answers(arguments -> Answer.error(errorClass, description));
    }

    /**
     * This text in place of a reply, whatever it is: {@code $ID} becomes the request's id, single
     * quotes count as double ones, a line's end is added.
     */
    public FakeQmpServer says(String text) {
      answers(arguments -> Answer.value("{}"));
      synchronized (FakeQmpServer.this) {
        texts.put(command, text);
      }
      return FakeQmpServer.this;
    }

    /** What a function makes of the arguments, on the thread of the fake. */
    public FakeQmpServer answers(Function<JsonNode, Answer> function) {
      synchronized (FakeQmpServer.this) {
        answers.put(command, function);
        texts.remove(command);
      }
      return FakeQmpServer.this;
    }
  }

  /**
   * An answer: the member of the reply, {@code return} or {@code error}, and what it holds.
   *
   * @param member the name of the member
   * @param content its value
   */
  public record Answer(String member, JsonNode content) {
    /** A success; single quotes count as double ones. */
    public static Answer value(String json) {
      return new Answer("return", parse(json));
    }

    /** A refusal. */
    public static Answer error(String errorClass, String description) {
      ObjectNode error = Json.object();
      error.put("class", errorClass).put("desc", description);
      return new Answer("error", error);
    }
  }

  private FakeQmpServer() {
    peer = FakePeer.start("fake-monitor", conversation());
    on("qmp_capabilities").returns("{}");
  }

  /** Listens. */
  public static FakeQmpServer start() {
    return new FakeQmpServer();
  }

  private FakePeer.Conversation conversation() {
    return new FakePeer.Conversation() {
      @Override
      public void opened() {
        open();
      }

      @Override
      public void received(byte[] line) {
        receive(line);
      }
    };
  }

  /** Says what a command is answered with. */
  public Rule on(String command) {
    return new Rule(command);
  }

  /**
   * Says what happens to the next reply to a command, {@code qmp_capabilities} included; faults of
   * one command queue up, one for each reply.
   */
  public synchronized FakeQmpServer fault(String command, Fault fault) {
    faults.computeIfAbsent(command, name -> new ArrayDeque<>()).add(fault);
    return this;
  }

  /** What the next client hears first, in place of the greeting; may be empty. */
  public synchronized FakeQmpServer opensWith(String text) {
    opening = text;
    return this;
  }

  /**
   * Greets the next clients twice and answers nothing that they say, as QEMU does with one that
   * connects while it sets the monitor up.
   */
  public synchronized FakeQmpServer greetsTwice(int clients) {
    toGreetTwice = clients;
    return this;
  }

  /** Where it listens. */
  public Endpoint endpoint() {
    return peer.endpoint();
  }

  /** The socket, to end connections, release held replies and send raw bytes. */
  public FakePeer peer() {
    return peer;
  }

  /** Tells an event to the present client; single quotes count as double ones. */
  public void event(String name, String dataJson) {
    ObjectNode event = Json.object();
    event.putObject("timestamp").put("seconds", 1_700_000_000L).put("microseconds", 5);
    event.put("event", name);
    event.set("data", parse(dataJson));
    peer.send(bytes(event));
  }

  /** The names of the commands that came so far, {@code qmp_capabilities} included. */
  public synchronized List<String> commands() {
    return requests.stream().map(request -> request.path("execute").asText()).toList();
  }

  /** The requests that came so far, whole. */
  public synchronized List<JsonNode> requests() {
    return List.copyOf(requests);
  }

  @Override
  public void close() {
    peer.close();
  }

  private synchronized void open() {
    negotiated = false;
    deaf = toGreetTwice > 0;
    if (deaf) {
      toGreetTwice--;
      peer.send((GREETING + "\n").replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }
    peer.send(opening.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private synchronized void receive(byte[] line) {
    if (deaf) {
      return;
    }
    int start = 0;
    for (int i = 0; i < line.length; i++) {
      if (line[i] == SENTINEL) {
        // It ends whatever came before it, with one line of complaint even if that is empty.
        complain();
        start = i + 1;
      }
    }
    JsonNode request;
    try {
      request = Json.parse(Unpooled.wrappedBuffer(line, start, line.length - start));
    } catch (IOException e) {
      complain();
      return;
    }
    requests.add(request);
    String command = request.path("execute").asText();
    Answer answer = answer(command, request.path("arguments"));
    Deque<Fault> planned = faults.get(command);
    String text = texts.get(command);
    byte[] reply =
        text == null
            ? bytes(reply(answer, request.get("id")))
            : (text.replace('\'', '"').replace("$ID", request.path("id").toString()) + "\r\n")
                .getBytes(StandardCharsets.UTF_8);
    peer.reply(reply, planned == null ? null : planned.poll());
  }

  private void complain() {
    peer.send(bytes(reply(Answer.error("GenericError", "JSON parse error"), null)));
  }

  private Answer answer(String command, JsonNode arguments) {
    Function<JsonNode, Answer> function = answers.get(command);
    boolean negotiation = command.equals("qmp_capabilities");
    if (function == null || negotiation == negotiated) {
      return Answer.error("CommandNotFound", "The command " + command + " has not been found");
    }
    Answer answer = function.apply(arguments);
    if (negotiation && answer.member().equals("return")) {
      negotiated = true;
    }
    return answer;
  }

  private static ObjectNode reply(Answer answer, @Nullable JsonNode id) {
    ObjectNode reply = Json.object();
    reply.set(answer.member(), answer.content());
    if (id != null) {
      reply.set("id", id);
    }
    return reply;
  }

  private static byte[] bytes(ObjectNode message) {
    return (message + "\r\n").getBytes(StandardCharsets.UTF_8);
  }

  private static JsonNode parse(String json) {
    try {
      byte[] text = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
      return Json.parse(Unpooled.wrappedBuffer(text));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
