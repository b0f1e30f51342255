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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A guest agent in this process and on a real unix socket: how its channel behaves. What the guest
 * behind it is, is {@link #guest()}.
 *
 * <p>It tells apart what the agent believes ({@code guest-fsfreeze-status}) and what is true
 * ({@link #guestFrozen}): the two differ after {@link #restart}. Like QEMU's channel it keeps its
 * bytes over a change of clients: a stopped agent runs what a client who is gone has sent.
 *
 * {@snippet :
 * try (var agent = FakeAgent.start()) {
 *   agent.guest().mounts(List.of(FakeFileSystem.of("vda1", "/", "ext4", FakeDisk.serial("root"))));
 *   agent.fault("guest-fsfreeze-freeze", Fault.LOST);
 *   var client = QgaClient.connect(agent.endpoint()).join();
 * }
 * }
 */
public final class FakeAgent implements AutoCloseable {
  /** How many file systems it freezes, if not told otherwise. */
  public static final int FILE_SYSTEMS = 3;

  private static final byte SENTINEL = (byte) 0xFF;

  private final FakeGuest guest = new FakeGuest();
  private final Map<String, Deque<Fault>> faults = new HashMap<>();
  private final Set<String> slow = new HashSet<>();
  private final List<String> commands = new ArrayList<>();
  private final Deque<byte[]> unread = new ArrayDeque<>();
  private final Deque<byte[]> requestsOfEarlierClients = new ArrayDeque<>();
  private final FakePeer peer;
  private byte[] leftover = {};
  private byte[] late = {};
  private boolean stopped;

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

  /** The guest behind it: what is mounted, what the agent can do, and what fails in it. */
  public FakeGuest guest() {
    return guest;
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
  public FakeAgent refuse(String command, String description) {
    guest.refuses(command, description);
    return this;
  }

  /** How many file systems the next freeze finds; 0 is a freeze that freezes nothing. */
  public FakeAgent withFileSystems(int count) {
    guest.mounts(count);
    return this;
  }

  /** What the next client finds in the channel, such as a reply that nobody read. */
  public synchronized FakeAgent leftover(String text) {
    leftover = text.getBytes(StandardCharsets.ISO_8859_1);
    return this;
  }

  /**
   * A client who has gone had sent this command while another was served. QEMU hands it to the
   * agent when the next client is served, so the ghost's reply is the first thing that one reads.
   */
  public synchronized FakeAgent ghost(String command) {
    String line = "{\"execute\":\"" + command + "\"}";
    requestsOfEarlierClients.add(line.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /**
   * The next such command takes its time: it runs, but the agent answers it, and reads what came
   * behind it, only when it is told to {@link #resume}.
   */
  public synchronized FakeAgent slow(String command) {
    slow.add(command);
    return this;
  }

  /** Stops it, as SIGSTOP does: what comes is kept and not read. */
  public synchronized void stop() {
    stopped = true;
  }

  /** Goes on, with a reply that is due and then with what came meanwhile. */
  public synchronized void resume() {
    stopped = false;
    peer.resumeReading();
    peer.send(late);
    late = new byte[0];
    while (!stopped && !unread.isEmpty()) {
      read(unread.remove());
    }
  }

  /**
   * Ends it without another in its place. Its clients stay connected, but their bytes go nowhere:
   * the socket takes what its buffers hold, and then writes block. {@link #restart} brings one
   * back.
   */
  public synchronized void die() {
    stopped = true;
    peer.pauseReading();
  }

  /**
   * Kills it and starts another. Its clients stay connected; what it had not read is still read,
   * but a reply that was due is not given.
   *
   * @param stateFile whether the new one finds the old one's state; without it, it believes that
   *     the guest is thawed, whatever is true
   */
  public synchronized void restart(boolean stateFile) {
    guest.newAgent(stateFile);
    late = new byte[0];
    resume();
  }

  /** Whether the guest's file systems are frozen in truth. */
  public boolean guestFrozen() {
    return guest.isFrozen();
  }

  /** How often a freeze ran with success. */
  public int freezes() {
    return guest.freezes();
  }

  /** How often a thaw thawed what there was. */
  public int thaws() {
    return guest.thaws();
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
    while (!requestsOfEarlierClients.isEmpty()) {
      receive(requestsOfEarlierClients.remove());
    }
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
    peer.send(bytes(FakeGuest.error("GenericError", "JSON parse error, stray input"), null));
  }

  private void execute(JsonNode request) {
    String command = request.path("execute").asText();
    commands.add(command);
    ObjectNode answer = guest.answer(command, request.path("arguments"));
    byte[] line = bytes(answer, request.get("id"));
    if (command.equals("guest-sync-delimited")) {
      byte[] delimited = new byte[line.length + 1];
      delimited[0] = SENTINEL;
      System.arraycopy(line, 0, delimited, 1, line.length);
      line = delimited;
    }
    if (slow.remove(command)) {
      late = line;
      stopped = true;
      return;
    }
    Deque<Fault> planned = faults.get(command);
    peer.reply(line, planned == null ? null : planned.poll());
  }

  private static byte[] bytes(ObjectNode reply, @Nullable JsonNode id) {
    if (id != null) {
      reply.set("id", id);
    }
    return (reply + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
