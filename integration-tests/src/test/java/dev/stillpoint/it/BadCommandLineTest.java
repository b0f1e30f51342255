package dev.stillpoint.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.it.CommandLineProcess.Run;
import dev.stillpoint.it.CommandLineProcess.Way;
import dev.stillpoint.qmp.QmpClient;
import dev.stillpoint.qmp.endpoint.Endpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a user may get wrong: the exit code of the contract, and one line that says what it was. */
@Timeout(60)
@SuppressWarnings("NullAway.Init")
class BadCommandLineTest {
  private static Machine machine;
  private static QmpClient holder;

  @TempDir private Path directory;

  @BeforeAll
  static void start() {
    machine = Machine.threeDisks();
    holder = QmpClient.connect(Endpoint.unix(machine.guest.observer())).join();
    // The agent serves one client, and here that is the command line's.
    machine.agent.close();
    machine.monitor.close();
  }

  @AfterAll
  static void stop() {
    holder.close();
    machine.close();
  }

  /** QMP, QGA, HELD, DIR and PRECIOUS stand for the guest's sockets and for files of the test. */
  @ParameterizedTest(name = "{0}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a socket that is not there  | 1 | missing.sock | --qmp DIR/missing.sock --qga QGA --name x",
        "a file that is no socket    | 1 | precious | --qmp PRECIOUS --qga QGA --name x",
        "an agent that is no monitor | 1 | QMP | --qmp QGA --quiesce never --name x --timeout 2s",
        "a monitor that is no agent  | 1 | no guest agent | --qmp QMP --qga HELD --name x --timeout 2s",
        "a monitor that is held      | 1 | another client | --qmp HELD --qga QGA --name x --timeout 2s",
        "a disk that nobody knows    | 1 | vd9 | --qmp QMP --qga QGA --name x --disk vd9",
        "the same disk twice         | 1 | same disk | --qmp QMP --qga QGA --name x --disk vd0 --disk disk0",
        "an overlay that exists      | 1 | exists already | --qmp QMP --qga QGA --name x --disk vd0,overlay=PRECIOUS",
        "an overlay in no directory  | 1 | does not exist | --qmp QMP --qga QGA --name x --disk vd0,overlay=DIR/no/x",
        "no agent where one must be  | 1 | --qga | --qmp QMP --name x",
        "an agent that is not there  | 1 | no-agent | --qmp QMP --qga DIR/no-agent --name x",
        "a name that climbs out      | 2 | letters, digits | --qmp QMP --qga QGA --name ../x",
        "a name that is an option    | 2 | letters, digits | --qmp QMP --qga QGA --name=-x",
        "no name                     | 2 | --name | --qmp QMP --qga QGA",
        "no monitor                  | 2 | --qmp | --qga QGA --name x",
        "a policy that is none       | 2 | maybe | --qmp QMP --qga QGA --name x --quiesce maybe",
        "a way that is none          | 2 | guess | --qmp QMP --qga QGA --name x --qemu-way guess",
        "a duration that is none     | 2 | soon | --qmp QMP --qga QGA --name x --timeout soon",
        "XML that is not there       | 2 | no such file | --qmp QMP --name x --disk-xml DIR/no.xml",
        "XML that is none            | 2 | precious: line 1 | --qmp QMP --name x --disk-xml PRECIOUS",
        "XML that is a directory     | 2 | cannot be read | --qmp QMP --name x --disk-xml DIR",
        "XML beside a named disk     | 2 | not both | --qmp QMP --name x --disk vd0 --disk-xml PRECIOUS",
        "a method of no disk         | 2 | behind the one | --qmp QMP --name x --method-xml PRECIOUS --disk-xml PRECIOUS",
        "an option that is none      | 2 | --force | --qmp QMP --qga QGA --name x --force",
      })
  void isToldInOneLine(String what, int code, String told, String arguments) throws Exception {
    // given
    Path precious = Files.writeString(directory.resolve("precious"), "mine");
    String line =
        arguments
            .replace("PRECIOUS", precious.toString())
            .replace("DIR", directory.toString())
            .replace("HELD", machine.guest.observer().toString())
            .replace("QMP", machine.guest.qmp().toString())
            .replace("QGA", machine.guest.agent().toString());
    var before = machine.files();
    // when
    Run run;
    try (var process =
        CommandLineProcess.start(Way.CLASS_PATH, directory, ("snapshot " + line).split(" ", -1))) {
      run = process.ended();
    }
    // then
    assertEquals(code, run.code(), run::err);
    assertEquals("", run.out());
    List<String> naming = run.err().lines().filter(text -> text.contains(told)).toList();
    assertEquals(1, naming.size(), () -> what + ": " + run.err());
    assertTrue(run.err().lines().count() <= 3, run::err);
    assertTrue(run.err().startsWith(code == 2 ? "stillpoint: " : "snapshot x: failed"), run::err);
    assertEquals("mine", Files.readString(precious));
    assertEquals(before, machine.files());
  }
}
