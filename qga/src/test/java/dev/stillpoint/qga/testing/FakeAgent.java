package dev.stillpoint.qga.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.testing.FakePeer;
import dev.stillpoint.qmp.testing.Fault;
import dev.stillpoint.qmp.wire.Json;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A guest agent and its guest's file systems, in this process and on a real unix socket. A freeze
 * changes a number here and nothing else.
 *
 * <p>It tells apart what the agent believes ({@code guest-fsfreeze-status}) and what is true
 * ({@link #guestFrozen}): the two differ after {@link #restart}. Like QEMU's channel it keeps its
 * bytes over a change of clients: a stopped agent runs what a client who is gone has sent.
 */
public final class FakeAgent implements AutoCloseable {
  /** How many file systems it freezes, if not told otherwise. */
  public static final int FILE_SYSTEMS = 3;

  private static final byte SENTINEL = (byte) 0xFF;
  private static final List<String> COMMANDS =
      List.of(
          "guest-sync-delimited",
          "guest-sync",
          "guest-ping",
          "guest-info",
          "guest-get-osinfo",
          "guest-get-fsinfo",
          "guest-fsfreeze-status",
          "guest-fsfreeze-freeze",
          "guest-fsfreeze-freeze-list",
          "guest-fsfreeze-thaw");
  private static final Set<String> ALLOWED_WHILE_FROZEN =
      Set.of(
          "guest-sync-delimited",
          "guest-sync",
          "guest-ping",
          "guest-info",
          "guest-fsfreeze-status",
          "guest-fsfreeze-thaw");

  private final Map<String, Deque<Fault>> faults = new HashMap<>();
  private final Map<String, Deque<String>> refusals = new HashMap<>();
  private final List<String> commands = new ArrayList<>();
  private final Deque<byte[]> unread = new ArrayDeque<>();
  private final FakePeer peer;
  private byte[] leftover = {};
  private int fileSystems = FILE_SYSTEMS;
  private int frozenFileSystems;
  private boolean believesFrozen;
  private boolean stopped;
  private int freezes;
  private int thaws;

  private FakeAgent() {
    peer = FakePeer.start("fake-agent", conversation());
  }

  /** Listens; the guest is thawed. */
  public static FakeAgent start() {
    return new FakeAgent();
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

  /** Where it listens. */
  public Endpoint endpoint() {
    return peer.endpoint();
  }

  /** The socket, to end connections, release held replies and send raw bytes. */
  public FakePeer peer() {
    return peer;
  }

  /** Says what happens to the next reply to a command; faults of one command queue up. */
  public synchronized FakeAgent fault(String command, Fault fault) {
    faults.computeIfAbsent(command, name -> new ArrayDeque<>()).add(fault);
    return this;
  }

  /** The next such command does nothing and fails with a {@code GenericError}. */
  public synchronized FakeAgent refuse(String command, String description) {
    refusals.computeIfAbsent(command, name -> new ArrayDeque<>()).add(description);
    return this;
  }

  /** How many file systems the next freeze finds; 0 is a freeze that freezes nothing. */
  public synchronized FakeAgent withFileSystems(int count) {
    fileSystems = count;
    return this;
  }

  /** What the next client finds in the channel, such as a reply that nobody read. */
  public synchronized FakeAgent leftover(String text) {
    leftover = text.getBytes(StandardCharsets.ISO_8859_1);
    return this;
  }

  /** Stops it, as SIGSTOP does: what comes is kept and not read. */
  public synchronized void stop() {
    stopped = true;
  }

  /** Goes on, beginning with what came meanwhile. */
  public synchronized void resume() {
    stopped = false;
    for (byte[] line = unread.poll(); line != null; line = unread.poll()) {
      read(line);
    }
  }

  /**
   * Kills it and starts another. Its clients stay connected; what it had not read is still read.
   *
   * @param stateFile whether the new one finds the old one's state; without it, it believes that
   *     the guest is thawed, whatever is true
   */
  public synchronized void restart(boolean stateFile) {
    believesFrozen = stateFile && believesFrozen;
    stopped = false;
    resume();
  }

  /** Whether the guest's file systems are frozen in truth. */
  public synchronized boolean guestFrozen() {
    return frozenFileSystems > 0;
  }

  /** How often a freeze ran with success. */
  public synchronized int freezes() {
    return freezes;
  }

  /** How often a thaw ran with success. */
  public synchronized int thaws() {
    return thaws;
  }

  /** The names of the commands that it read, in order. */
  public synchronized List<String> commands() {
    return List.copyOf(commands);
  }

  @Override
  public void close() {
    peer.close();
  }

  private synchronized void open() {
    peer.send(leftover);
    leftover = new byte[0];
  }

  private synchronized void receive(byte[] line) {
    if (stopped) {
      unread.add(line);
    } else {
      read(line);
    }
  }

  /**
   * The sentinel ends whatever came before it, with one line of complaint even if that is empty.
   */
  private void read(byte[] line) {
    int start = 0;
    for (int i = 0; i < line.length; i++) {
      if (line[i] == SENTINEL) {
        complain();
        start = i + 1;
      }
    }
    try {
      byte[] text = Arrays.copyOfRange(line, start, line.length);
      execute(Json.parse(Unpooled.wrappedBuffer(text)));
    } catch (IOException e) {
      complain();
    }
  }

  private void complain() {
    peer.send(bytes(error("GenericError", "JSON parse error, stray input"), null));
  }

  private void execute(JsonNode request) {
    String command = request.path("execute").asText();
    commands.add(command);
    byte[] line = bytes(answer(command, request.path("arguments")), request.get("id"));
    if (command.equals("guest-sync-delimited")) {
      byte[] delimited = new byte[line.length + 1];
      delimited[0] = SENTINEL;
      System.arraycopy(line, 0, delimited, 1, line.length);
      line = delimited;
    }
    Deque<Fault> planned = faults.get(command);
    peer.reply(line, planned == null ? null : planned.poll());
  }

  private ObjectNode answer(String command, JsonNode arguments) {
    Deque<String> planned = refusals.get(command);
    String refusal = planned == null ? null : planned.poll();
    if (refusal != null) {
      return error("GenericError", refusal);
    }
    if (!COMMANDS.contains(command)) {
      return error("CommandNotFound", "The command " + command + " has not been found");
    }
    if (believesFrozen && !ALLOWED_WHILE_FROZEN.contains(command)) {
      return error("CommandNotFound", "Command " + command + " has been disabled: frozen");
    }
    ObjectNode reply = Json.object();
    switch (command) {
      case "guest-sync-delimited", "guest-sync" -> reply.set("return", arguments.path("id"));
      case "guest-info" -> reply.set("return", info());
      case "guest-get-osinfo" -> reply.putObject("return").put("id", "debian");
      case "guest-get-fsinfo" -> fsinfo(reply);
      case "guest-fsfreeze-status" -> reply.put("return", believesFrozen ? "frozen" : "thawed");
      case "guest-fsfreeze-freeze" -> reply.put("return", freeze(fileSystems));
      case "guest-fsfreeze-freeze-list" -> reply.put("return", freezeList(arguments));
      case "guest-fsfreeze-thaw" -> reply.put("return", thaw());
      default -> reply.putObject("return");
    }
    return reply;
  }

  private int freeze(int count) {
    freezes++;
    frozenFileSystems = count;
    believesFrozen = count > 0;
    return count;
  }

  private int freezeList(JsonNode arguments) {
    JsonNode wanted = arguments.path("mountpoints");
    return freeze(wanted.isMissingNode() ? fileSystems : Math.min(wanted.size(), fileSystems));
  }

  private int thaw() {
    thaws++;
    int count = frozenFileSystems;
    frozenFileSystems = 0;
    believesFrozen = false;
    return count;
  }

  private void fsinfo(ObjectNode reply) {
    var mounted = reply.putArray("return");
    for (int i = 0; i < fileSystems; i++) {
      ObjectNode one = mounted.addObject();
      one.put("name", "vd" + (char) ('a' + i)).put("mountpoint", "/mnt/" + i).put("type", "ext4");
      one.putArray("disk").addObject().put("bus-type", "virtio").put("serial", "disk" + i);
    }
  }

  private static ObjectNode info() {
    ObjectNode info = Json.object().put("version", "7.2.22");
    var supported = info.putArray("supported_commands");
    for (String command : COMMANDS) {
      supported.addObject().put("name", command).put("enabled", true).put("success-response", true);
    }
    return info;
  }

  private static ObjectNode error(String errorClass, String description) {
    ObjectNode reply = Json.object();
    reply.putObject("error").put("class", errorClass).put("desc", description);
    return reply;
  }

  private static byte[] bytes(ObjectNode reply, @Nullable JsonNode id) {
    if (id != null) {
      reply.set("id", id);
    }
    return (reply + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
