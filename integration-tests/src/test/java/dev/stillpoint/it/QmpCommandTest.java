package dev.stillpoint.it;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import dev.stillpoint.qmp.qapi.Cont;
import dev.stillpoint.qmp.qapi.Stop;
import dev.stillpoint.testkit.guest.QemuProcess;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code stillpoint qmp} as scripts and people start it, against a real QEMU. */
@Timeout(120)
@SuppressWarnings("NullAway.Init")
class QmpCommandTest {
  private static QemuProcess qemu;
  @TempDir private static Path images;

  @TempDir private Path directory;

  @BeforeAll
  static void start() throws Exception {
    Path disk = images.resolve("vd0.raw");
    try (var file = new RandomAccessFile(disk.toFile(), "rw")) {
      file.setLength(1 << 20);
    }
    qemu = QemuProcess.machineNone("-blockdev", "driver=file,node-name=n0,filename=" + disk, "-S");
  }

  @AfterAll
  static void stop() {
    qemu.close();
  }

  private CommandLineProcess starts(Way way, QemuProcess at, String... more) throws Exception {
    var words = new ArrayList<>(List.of("qmp", "unix:" + at.qmp()));
    words.addAll(List.of(more));
    return CommandLineProcess.start(way, directory, words.toArray(String[]::new));
  }

  private Run run(String... more) throws Exception {
    try (var process = starts(Way.CLASS_PATH, qemu, more)) {
      return process.ended();
    }
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aCommandIsDoneInEachWayOfStarting(Way way) throws Exception {
    try (var process = starts(way, qemu, "query-version", "-o", "json")) {
      // when
      Run run = process.ended();
      // then
      assertEquals(0, run.code(), run::err);
      assertTrue(run.out().startsWith("{\"qemu\":{"), run::out);
      assertEquals(1, run.out().lines().count());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | {}                      | block_resize node-name=n0 size=2097152",
        "0 | {}                      | blockdev-add driver=raw node-name=r0 file.driver=null-co file.size=0x100000",
        "0 | {}                      | blockdev-del {\"node-name\":\"r0\"}",
        "1 | GenericError: Failed    | blockdev-del node-name=nix",
        "2 | whole number            | block_resize node-name=n0 size=much",
        "2 | but device, node-name   | block_resize nod=n0 size=1",
        "2 | needs size              | block_resize node-name=n0",
        "2 | 'blockdev-nix'          | blockdev-nix a=1",
        "2 | needs file.driver       | blockdev-add driver=raw file.filename=x",
        "2 | 'driver' must be        | blockdev-add driver=nix",
        "2 | takes no arguments      | query-status a=1",
        "0 | size         a whole    | help block_resize",
      })
  void whatIsTold(int code, String told, String line) throws Exception {
    // when
    Run run = run(line.split(" ", -1));
    // then
    assertEquals(code, run.code(), run::err);
    assertTrue((run.out() + run.err()).contains(told), run.out() + run.err());
    assertEquals(code == 0, run.err().isEmpty(), run::err);
    assertEquals(code == 0, !run.out().isEmpty(), run::out);
  }

  @Test
  void commandsComeThroughAPipeAndOneThatFailsEndsNoOther() throws Exception {
    // given
    Path script =
        Files.writeString(
            directory.resolve("script"),
            """
            query-status
            # a remark
            blockdev-nix
            {"execute": "query-name"}
            quit
            query-uuid
            """);
    // when
    Run run;
    try (var process =
        CommandLineProcess.startUnder(
            List.of("setpriv", "--", "sh", "-c", "exec \"$@\" <" + script, "sh"),
            List.of(),
            Way.CLASS_PATH,
            directory,
            "qmp",
            "unix:" + qemu.qmp(),
            "-o",
            "json")) {
      run = process.ended();
    }
    // then
    assertEquals(1, run.code(), run::err);
    List<String> lines = run.out().lines().toList();
    assertEquals(2, lines.size(), run::out);
    assertTrue(lines.get(0).contains("\"status\""), run::out);
    assertEquals("{}", lines.get(1));
    assertTrue(run.err().contains("no command 'blockdev-nix'"), run::err);
  }

  @Test
  void aMonitorThatIsHeldIsToldAsThat() throws Exception {
    try (var holder = QmpClient.connect(Endpoint.unix(qemu.qmp())).join()) {
      // when
      Run run = run("query-status", "--timeout", "1s");
      // then
      assertTrue(holder.isOpen());
      assertEquals(1, run.code());
      assertTrue(run.err().contains("another client is connected there"), run::err);
    }
  }

  @Test
  void eventsAreToldUntilQemuGoes() throws Exception {
    // given
    try (QemuProcess mortal = withSecondMonitor();
        var process = starts(Way.CLASS_PATH, mortal, "events", "-o", "json")) {
      awaitFollowing(process);
      // when
      ProcessHandle.of(mortal.pid()).orElseThrow().destroy();
      Run run = process.ended();
      // then
      assertEquals(1, run.code(), run::err);
      assertTrue(run.out().contains("\"event\":\"SHUTDOWN\""), run::out);
      assertTrue(run.err().contains("the connection has ended"), run::err);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void aSignalEndsTheEventsWithZero(String signal) throws Exception {
    try (QemuProcess mortal = withSecondMonitor();
        var process = starts(Way.CLASS_PATH, mortal, "events", "--name", "STOP")) {
      // given
      awaitFollowing(process);
      // when
      process.send(signal);
      // then
      Run run = process.ended();
      assertEquals(0, run.code(), run::err);
      assertTrue(run.out().lines().allMatch(line -> line.endsWith("Z STOP")), run::out);
    }
  }

  private QemuProcess withSecondMonitor() {
    return QemuProcess.machineNone(
        "-qmp", "unix:" + directory.resolve("second.sock") + ",server=on,wait=off");
  }

  /** It follows once it has told an event. */
  private void awaitFollowing(CommandLineProcess process) {
    try (var other = QmpClient.connect(Endpoint.unix(directory.resolve("second.sock"))).join()) {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> {
            other.execute(new Stop()).join();
            other.execute(new Cont()).join();
            return process.told().contains("STOP");
          });
    }
  }

  @Test
  void theWireIsWrittenDownWithoutSecrets() throws Exception {
    // given
    Path log = directory.resolve("wire");
    // when
    Run run =
        run("object-add", "qom-type=secret", "id=s0", "data=hush", "--wire-log", log.toString());
    // then
    assertEquals(0, run.code(), run::err);
    String written = Files.readString(log);
    assertFalse(written.contains("hush"), written);
    assertTrue(written.contains("\"data\":\"(secret)\""), written);
    assertTrue(written.contains("... (cut; "), "the schema is long");
    assertTrue(written.length() < 40_000, written);
  }
}
