package dev.stillpoint.testkit.proxy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.testkit.Deadline;
import dev.stillpoint.testkit.LineSocket;
import dev.stillpoint.testkit.guest.AgentSafety;
import dev.stillpoint.testkit.guest.AgentSafety.UnsafeAgentException;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The proxy before the monitor of a real QEMU without a guest. */
class FaultProxyTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);
  private static final String CAPABILITIES = "{\"execute\":\"qmp_capabilities\"}\n";
  private static final String NAME = "{\"execute\":\"query-name\"}\n";
  private static final String NAMED = "{\"return\": {\"name\": \"one\"}}";
  private static final String UUID = "{\"execute\":\"query-uuid\"}\n";

  private QemuProcess qemu;
  private FaultProxy proxy;

  @BeforeEach
  void start() {
    qemu = QemuProcess.machineNone("-name", "one");
    proxy = FaultProxy.before(qemu.qmp());
  }

  @AfterEach
  void end() {
    proxy.close();
    qemu.close();
  }

  private static LineSocket ready(Path path) throws IOException {
    LineSocket socket = LineSocket.connect(path);
    assertTrue(read(socket).contains("QMP"));
    assertEquals("{\"return\": {}}", ask(socket, CAPABILITIES));
    return socket;
  }

  private static String ask(LineSocket socket, String request) throws IOException {
    socket.send(request);
    return read(socket);
  }

  private static String read(LineSocket socket) throws IOException {
    // A monitor ends its lines with a carriage return too.
    return socket.readLine(Deadline.in(LIMIT)).stripTrailing();
  }

  private static void assertEnds(LineSocket socket) {
    var end = assertThrows(IOException.class, () -> read(socket));
    assertTrue(end.toString().contains("closed by the other side"), end.toString());
  }

  @Test
  void changesNothingByItself() throws IOException {
    // given the largest answer of QEMU, read directly
    String schema = "{\"execute\":\"query-qmp-schema\"}\n";
    String direct;
    try (LineSocket client = ready(qemu.qmp())) {
      direct = ask(client, schema);
    }
    // then through the proxy it is the same, for one client after the other
    for (int i = 0; i < 2; i++) {
      try (LineSocket client = ready(proxy.socket())) {
        assertEquals(direct, ask(client, schema));
      }
    }
  }

  @Test
  void whatTheClientWroteLastArrivesThoughItLeft(@TempDir Path directory) throws IOException {
    Path path = directory.resolve("server.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(path));
      try (FaultProxy open = FaultProxy.unvouched(path)) {
        // given a client that leaves in the middle of a line
        try (LineSocket client = LineSocket.connect(open.socket())) {
          client.send(NAME + "{\"exec");
        }
        // then the server reads all of it, and then the end
        SocketChannel served = server.accept();
        assertEquals(NAME + "{\"exec", readUntil(served, "\n{\"exec"));
        assertEquals(-1, served.read(ByteBuffer.allocate(1)));
        served.close();
      }
    }
  }

  @Test
  void losesAReplyAndOnlyThat() throws IOException {
    try (LineSocket client = ready(proxy.socket())) {
      // given a reply that will be lost
      Trap lost = proxy.arm(Moment.replyTo("query-name"), Fault.drop());
      // when another question comes first
      assertTrue(ask(client, UUID).contains("UUID"));
      assertEquals(0, lost.times());
      // and then this one, twice
      client.send(NAME);
      assertEquals(NAMED + "\r\n", lost.await(LIMIT));
      // then the next answer is the second one's
      assertTrue(ask(client, UUID).contains("UUID"));
      assertEquals(NAMED, ask(client, NAME));
      assertEquals(1, lost.times());
    }
  }

  @Test
  void swallowsTheNthRequestOnly() throws IOException {
    try (LineSocket client = ready(proxy.socket())) {
      Trap swallowed =
          proxy.arm(Moment.anyRequest().where(l -> l.contains("name")).number(2), Fault.drop());
      assertEquals(NAMED, ask(client, NAME));
      client.send(NAME);
      swallowed.await(LIMIT);
      // nobody answers the second, so that the next answer is to the next question
      assertTrue(ask(client, UUID).contains("UUID"));
      assertEquals(NAMED, ask(client, NAME));
    }
  }

  @Test
  void holdsUntilReleasedAndNothingOvertakes() throws IOException {
    try (SocketChannel raw = raw()) {
      // given a reply that is held, and another behind it
      Trap held = proxy.arm(Moment.replyTo("query-name"), Fault.hold());
      Trap second = proxy.watch(Moment.replyTo("query-uuid"));
      write(raw, NAME + UUID);
      held.await(LIMIT);
      // then nothing comes
      raw.configureBlocking(false);
      assertEquals(0, raw.read(ByteBuffer.allocate(1)));
      assertEquals(0, second.times());
      // when it is released, then both come in their order
      raw.configureBlocking(true);
      held.release();
      second.await(LIMIT);
      String all = readUntil(raw, "UUID");
      assertTrue(all.startsWith(NAMED), all);
    }
  }

  @Test
  void splitsWhereTheTestSays() throws IOException {
    try (SocketChannel raw = raw()) {
      Trap split = proxy.arm(Moment.replyTo("query-name"), Fault.splitAt(7));
      write(raw, NAME);
      split.await(LIMIT);
      ByteBuffer some = ByteBuffer.allocate(100);
      assertEquals(7, raw.read(some));
      split.release();
      assertEquals(NAMED, NAMED.substring(0, 7) + readUntil(raw, "\n").strip());
    }
  }

  @Test
  void piecesMakeTheSameWhole() throws IOException {
    try (LineSocket client = ready(proxy.socket())) {
      // given every request in pieces, and every reply
      Trap up = proxy.arm(Moment.anyRequest().everyTime(), Fault.inPieces(3));
      Trap down = proxy.arm(Moment.anyReply().everyTime(), Fault.inPieces(1));
      for (int i = 1; i <= 3; i++) {
        assertEquals(NAMED, ask(client, NAME));
        up.await(i, LIMIT);
        down.await(i, LIMIT);
      }
      // and no more of them once disarmed
      up.disarm();
      assertEquals(NAMED, ask(client, NAME));
      assertEquals(3, up.times());
    }
  }

  @Test
  void duplicatesARequestAndAReply() throws IOException {
    try (LineSocket client = ready(proxy.socket())) {
      proxy.arm(Moment.request("query-name"), Fault.duplicate());
      proxy.arm(Moment.replyTo("query-name").number(2), Fault.duplicate());
      // given one question that arrives twice, and whose second answer comes twice
      client.send(NAME + UUID);
      for (int i = 0; i < 3; i++) {
        assertEquals(NAMED, read(client));
      }
      assertTrue(read(client).contains("UUID"));
    }
  }

  @Test
  void putsForeignBytesBefore() throws IOException {
    // given a stale reply for the next client, then garbage before a reply and before a request
    proxy.arm(Moment.connected(), Fault.precede("{\"return\": \"stale\"}\n"));
    try (LineSocket client = LineSocket.connect(proxy.socket())) {
      assertEquals("{\"return\": \"stale\"}", read(client));
      assertTrue(read(client).contains("QMP"));
      assertEquals("{\"return\": {}}", ask(client, CAPABILITIES));
      proxy.arm(Moment.replyTo("query-name"), Fault.precede("garb\u0001age\n"));
      assertEquals("garb\u0001age", ask(client, NAME));
      assertEquals(NAMED, read(client));
      proxy.arm(Moment.request("query-name"), Fault.precede("]\n"));
      assertTrue(ask(client, NAME).contains("JSON parse error"));
      assertEquals(NAMED, read(client));
      proxy.injectNow(Direction.TO_CLIENT, "now\n");
      assertEquals("now", read(client));
    }
  }

  @Test
  void cutsBothSidesBeforeOrAfterTheLine() throws IOException {
    // given a cut instead of a request, and one after a request has gone
    Trap before = proxy.arm(Moment.request("query-name"), Fault.cut(Side.BOTH));
    Trap reply = proxy.watch(Moment.replyTo("query-name"));
    Trap after = proxy.arm(Moment.replyTo("query-uuid"), Fault.forwardThenCut(Side.BOTH));
    try (LineSocket client = ready(proxy.socket())) {
      client.send(NAME);
      before.await(LIMIT);
      assertEnds(client);
      assertEquals(0, reply.times());
    }
    // then QEMU has a place again, also after the second
    try (LineSocket client = ready(proxy.socket())) {
      assertTrue(ask(client, UUID).contains("UUID"));
      after.await(LIMIT);
      assertEnds(client);
    }
    ready(proxy.socket()).close();
  }

  @Test
  void cutsTheClientAndKeepsTheServersPlace() throws IOException {
    Trap cut = proxy.arm(Moment.replyTo("query-name"), Fault.cut(Side.CLIENT));
    try (LineSocket client = ready(proxy.socket());
        LineSocket queued = LineSocket.connect(qemu.qmp())) {
      // when the client's end is cut, then the server's stays
      client.send(NAME);
      cut.await(LIMIT);
      assertEnds(client);
      assertEquals(1, proxy.connections());
      // until it is cut too, and somebody else is served
      proxy.cutNow(Side.SERVER);
      assertEquals(0, proxy.connections());
      assertTrue(read(queued).contains("QMP"));
    }
  }

  @Test
  void cutsTheServerAndTheClientHearsNothing() throws IOException {
    try (LineSocket client = ready(proxy.socket())) {
      proxy.cutNow(Side.SERVER);
      // given a server that lost its client, then another is served while the first is connected
      ready(qemu.qmp()).close();
      client.send(NAME);
      assertEquals(1, proxy.connections());
    }
    assertTrue(Deadline.in(LIMIT).await(() -> proxy.connections() == 0));
  }

  @Test
  void aConnectionHasNoLineToHold() {
    assertThrows(IllegalArgumentException.class, () -> proxy.arm(Moment.connected(), Fault.hold()));
    assertThrows(
        IllegalStateException.class,
        () -> proxy.watch(Moment.connected()).await(Duration.ofMillis(1)));
  }

  @Test
  void leavesNothing() throws IOException {
    try (LineSocket client = ready(proxy.socket())) {
      AgentSafety.require(proxy.socket());
      proxy.close();
      assertEnds(client);
    }
    assertFalse(Files.exists(proxy.socket()));
    assertThrows(UnsafeAgentException.class, () -> AgentSafety.require(proxy.socket()));
    assertTrue(
        Thread.getAllStackTraces().keySet().stream()
            .noneMatch(thread -> thread.getName().equals("stillpoint-proxy")));
    ready(qemu.qmp()).close();
  }

  @Test
  void noFreezePassesToAStranger(@TempDir Path directory) throws IOException {
    // given somebody who is no QEMU of the kit, as an agent on the host would be
    Path stranger = directory.resolve("qga.sock");
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(stranger));
      // then there is no proxy before it
      assertThrows(UnsafeAgentException.class, () -> FaultProxy.before(stranger));
      try (FaultProxy open = FaultProxy.unvouched(stranger);
          LineSocket client = LineSocket.connect(open.socket());
          SocketChannel served = server.accept()) {
        // and one that is there all the same lets no freeze pass, in whatever form
        assertThrows(UnsafeAgentException.class, () -> AgentSafety.require(open.socket()));
        String freeze = "{\"execute\":\"guest-fsfreeze-freeze-list\"}\n";
        assertTrue(ask(client, freeze).contains("refused"));
        assertThrows(
            IllegalArgumentException.class,
            () -> open.arm(Moment.request("guest-ping"), Fault.precede(freeze)));
        assertThrows(
            IllegalArgumentException.class, () -> open.injectNow(Direction.TO_SERVER, freeze));
        client.send("{\"execute\":\"guest-ping\"}\n");
        assertEquals("{\"execute\":\"guest-ping\"}\n", readUntil(served, "\n"));
      }
    }
  }

  private SocketChannel raw() throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(proxy.socket()));
    readUntil(channel, "\n");
    write(channel, CAPABILITIES);
    readUntil(channel, "\n");
    return channel;
  }

  private static void write(SocketChannel channel, String text) throws IOException {
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
  }

  private static String readUntil(SocketChannel channel, String wanted) throws IOException {
    var text = new StringBuilder();
    ByteBuffer one = ByteBuffer.allocate(1);
    while (text.indexOf(wanted) < 0) {
      one.clear();
      if (channel.read(one) < 0) {
        throw new IOException("ended after: " + text);
      }
      text.append((char) (one.get(0) & 0xFF));
    }
    return text.toString();
  }
}
