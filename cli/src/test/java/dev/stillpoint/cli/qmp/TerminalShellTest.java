package dev.stillpoint.cli.qmp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.Fault;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jline.terminal.Attributes;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.DumbTerminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The shell as a person at a terminal has it. */
@Timeout(60)
@SuppressWarnings("NullAway.Init")
class TerminalShellTest {
  private static final int CTRL_D = 4;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final FakeQmpServer monitor = FakeQmpServer.start();
  private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
  private final PipedOutputStream keys = new PipedOutputStream();
  @TempDir private Path directory;
  private Path history;
  private QmpClient client;
  private Terminal terminal;
  private TerminalShell shell;
  private CompletableFuture<Boolean> ended;

  @BeforeEach
  void start() throws IOException {
    monitor.on("query-status").returns("{'running': true}");
    monitor.on("set_password").returns("{}");
    client = QmpClient.connect(monitor.endpoint()).join();
    history = directory.resolve("state").resolve("qmp-history");
    terminal = new DumbTerminal("test", "ansi", new PipedInputStream(keys), screen, UTF_8);
    Attributes modes = terminal.getAttributes();
    modes.setControlChar(Attributes.ControlChar.VEOF, CTRL_D);
    terminal.setAttributes(modes);
    shell = TerminalShell.on(terminal, client, TestSchema.read(), PATIENCE, history);
    ended = CompletableFuture.supplyAsync(shell::run);
    sees("qmp> ");
  }

  @AfterEach
  void stop() throws IOException {
    client.close();
    keys.close();
    shell.close();
    monitor.close();
  }

  private void types(String text) throws IOException {
    keys.write(text.getBytes(UTF_8));
    keys.flush();
  }

  private void sees(String text) {
    await().atMost(PATIENCE).until(() -> shown().contains(text));
  }

  private String shown() {
    return screen.toString(UTF_8);
  }

  private boolean end() throws Exception {
    return ended.get(20, TimeUnit.SECONDS);
  }

  @Test
  void tabCompletesAndTheReplyIsShown() throws Exception {
    // when
    types("query-s\t\n");
    // then
    sees("{\"running\": true}");
    types("quit\n");
    assertTrue(end());
    assertFalse(monitor.commands().contains("quit"), "quit leaves the shell, and QEMU runs on");
  }

  @Test
  void endOfInputLeavesToo() throws Exception {
    // when
    types(Character.toString(CTRL_D));
    // then
    assertTrue(end());
  }

  @Test
  void aMistakeIsToldAndNothingIsSent() throws Exception {
    // when
    types("block_resize size=much\n");
    // then
    sees("'size' must be a whole number");
    assertFalse(monitor.commands().contains("block_resize"));
  }

  @Test
  void anOpenBracketWantsAnotherLine() throws Exception {
    // given
    monitor.on("qom-set").returns("{}");
    // when
    types("qom-set path=/ property=x value:=[1,\n2]\n");
    // then
    await().atMost(PATIENCE).until(() -> monitor.commands().contains("qom-set"));
    var sent = monitor.requests().get(monitor.requests().size() - 1);
    assertEquals("[1,2]", sent.path("arguments").path("value").toString());
  }

  @Test
  void anEventIsToldAboveTheLineUnlessItIsNotWanted() throws Exception {
    // when
    types("quer");
    monitor.event("STOP", "{}");
    // then
    sees(" STOP {}");
    // when
    types("y-status\n");
    sees("running");
    types("events off\n");
    sees("events are not told");
    monitor.event("RESUME", "{}");
    types("help STOP\n");
    sees("STOP, an event");
    // then
    assertFalse(shown().contains("RESUME"), shown());
  }

  @Test
  void theEndOfQemuEndsALineThatIsWritten() throws Exception {
    // given
    types("half a li");
    sees("half a li");
    // when
    monitor.close();
    // then
    assertFalse(end());
    sees("the connection has ended");
  }

  @Test
  void anInterruptGivesACommandUpAndTheShellGoesOn() throws Exception {
    // given
    monitor.fault("query-status", Fault.LOST);
    types("query-status\n");
    await().atMost(PATIENCE).until(() -> monitor.commands().contains("query-status"));
    // when
    terminal.raise(Terminal.Signal.INT);
    // then
    sees("query-status was given up");
    types("query-status\n");
    sees("{\"running\": true}");
  }

  @Test
  void aStopEndsItAsOneThatWasNotLeft() throws Exception {
    // when
    shell.stop();
    // then
    assertFalse(end());
  }

  @Test
  void theHistoryIsItsOwnersAloneAndHoldsNoSecret() throws Exception {
    // when
    types("query-status\nset_password protocol=vnc password=hush\nset_pasword password=hush2\n");
    sees("no command 'set_pasword'");
    types("help STOP\n");
    sees("STOP, an event");
    types("quit\n");
    assertTrue(end());
    // then
    String kept = Files.readString(history);
    assertTrue(kept.contains("query-status") && kept.contains("help STOP"), kept);
    assertFalse(kept.contains("hush"), kept);
    assertTrue(monitor.commands().contains("set_password"));
    assertEquals(
        "rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(history)));
  }
}
