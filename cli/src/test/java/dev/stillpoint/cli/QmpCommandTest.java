package dev.stillpoint.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.qmp.testing.FakeQmpServer;
import dev.stillpoint.qmp.testing.Fault;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Any command of a monitor by its name, and its events; against a monitor that does as told. */
@Timeout(60)
class QmpCommandTest {
  private static final String SCHEMA =
      "[{'meta-type':'command','name':'query-status','arg-type':'0','ret-type':'0'},"
          + "{'meta-type':'command','name':'set_password','arg-type':'1','ret-type':'0'},"
          + "{'meta-type':'event','name':'STOP','arg-type':'0'},"
          + "{'meta-type':'object','name':'0','members':[]},"
          + "{'meta-type':'object','name':'1','members':[{'name':'password','type':'str'}]},"
          + "{'meta-type':'builtin','name':'str','json-type':'string'}]";

  private final FakeQmpServer monitor = FakeQmpServer.start();
  @TempDir Path directory;

  @BeforeEach
  void teach() {
    monitor.on("query-qmp-schema").returns(SCHEMA);
    monitor.on("query-status").returns("{'status': 'running'}");
  }

  @AfterEach
  void close() {
    monitor.close();
  }

  private Run run(String... more) {
    var arguments = new ArrayList<>(List.of("qmp", monitor.endpoint().toString()));
    arguments.addAll(List.of(more));
    return Run.of(arguments.toArray(String[]::new));
  }

  @Test
  void aReplyIsForPeopleOrForScripts() {
    // when
    Run people = run("query-status");
    Run script = run("query-status", "-o", "json");
    // then
    assertEquals(ExitCode.DONE, people.code(), people.err());
    assertEquals("{\"status\": \"running\"}\n", people.out());
    assertEquals("{\"status\":\"running\"}\n", script.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nix|no command 'nix'",
        "query-status a=1|takes no arguments",
        "query-status a|key=value",
        "set_password|needs password",
        "help nix|no command and no event",
        "events STOP|options only",
        "events --name NIX|no event 'NIX'",
        "query-status --count 1|for 'events'",
        "events --count 0|at least 1",
        "events --for soon|soon",
        "query-status --wire-log /nonexistent/x|--wire-log cannot be opened",
        "query-status --wire-log /dev/null|no plain file",
      })
  void whatNobodyCanMeanIsUsageAndIsNotSent(String line, String said) {
    // when
    Run run = run(line.split(" ", -1));
    // then
    assertEquals(ExitCode.USAGE, run.code(), run.err());
    assertTrue(run.err().contains(said), run.err());
    assertEquals("", run.out());
    assertFalse(monitor.commands().contains("query-status"));
    assertFalse(monitor.commands().contains("set_password"));
  }

  @Test
  void aRefusalHasItsClassAndText() {
    // given
    monitor.on("set_password").fails("DeviceNotFound", "no vnc");
    // when
    Run run = run("set_password", "password=hush");
    // then
    assertEquals(ExitCode.FAILED, run.code());
    assertTrue(run.err().contains("DeviceNotFound: no vnc"), run.err());
    assertFalse((run.out() + run.err()).contains("hush"));
  }

  @Test
  void aLostReplyIsToldAsOneThatMayHaveRun() {
    // given
    monitor.fault("query-status", Fault.LOST);
    // when
    Run run = run("query-status", "--timeout", "300ms");
    // then
    assertEquals(ExitCode.FAILED, run.code());
    assertTrue(run.err().contains("may have run"), run.err());
  }

  @Test
  void whatIsNotThereIsFailed() {
    // when
    Run absent = Run.of("qmp", directory.resolve("absent").toString(), "query-status");
    monitor.opensWith("");
    Run silent = run("query-status", "--timeout", "300ms");
    // then
    assertEquals(ExitCode.FAILED, absent.code());
    assertEquals(ExitCode.FAILED, silent.code());
    assertTrue(silent.err().contains("no greeting came"), silent.err());
  }

  @Test
  void eventsThatDoNotComeAreMissed() {
    // when
    Run some = run("events", "--for", "200ms");
    Run wanted = run("events", "--for", "200ms", "--count", "2", "--name", "STOP");
    // then
    assertEquals(ExitCode.DONE, some.code(), some.err());
    assertEquals(ExitCode.FAILED, wanted.code());
    assertTrue(wanted.err().contains("only 0 of 2"), wanted.err());
  }

  @Test
  void theWireIsWrittenDownWithoutASecret() throws Exception {
    // given
    monitor.on("set_password").returns("{}");
    Path log = directory.resolve("wire");
    // when
    Run run = run("set_password", "password=hush", "--wire-log", log.toString());
    // then
    assertEquals(ExitCode.DONE, run.code(), run.err());
    String written = Files.readString(log);
    assertTrue(
        written.contains(
            " qmp -> {\"execute\":\"set_password\",\"arguments\":{\"password\":\"(secret)\"},"),
        written);
    assertFalse(written.contains("hush"), written);
    assertTrue(
        written.lines().allMatch(line -> line.matches("\\d{4}-.*\\.\\d{6}Z qmp (->|<-) .*")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"help", "help query-status", "help STOP"})
  void helpNeedsNoShell(String line) {
    // when
    Run run = run(line.split(" ", -1));
    // then
    assertEquals(ExitCode.DONE, run.code(), run.err());
    assertFalse(run.out().isEmpty());
  }
}
