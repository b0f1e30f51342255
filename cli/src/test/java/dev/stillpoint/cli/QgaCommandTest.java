package dev.stillpoint.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.stillpoint.qga.testing.FakeAgent;
import dev.stillpoint.qmp.testing.Fault;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Any command of an agent by its name, but no freeze. */
@Timeout(30)
class QgaCommandTest {
  private final FakeAgent agent = FakeAgent.start();
  @TempDir Path directory;

  @AfterEach
  void closeAgent() {
    agent.close();
  }

  private Run run(String... more) {
    var arguments = new ArrayList<>(List.of("qga", agent.endpoint().toString()));
    arguments.addAll(List.of(more));
    return Run.of(arguments.toArray(String[]::new));
  }

  /** The arguments come back as the reply, as text. */
  private void echo() {
    agent.guest().answers("guest-echo", arguments -> TextNode.valueOf(arguments.toString()));
  }

  @Test
  void aReplyIsPrintedForPeopleAndOnOneLineForScripts() {
    // when
    Run people = run("guest-get-osinfo");
    Run script = run("guest-get-osinfo", "-o", "json");
    // then
    assertEquals(ExitCode.DONE, people.code(), people.err());
    assertTrue(people.out().startsWith("{\n  \"id\" : \"debian\",\n"), people.out());
    assertEquals(
        "{\"id\":\"debian\",\"pretty-name\":\"Debian GNU/Linux 12 (bookworm)\"}\n", script.out());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a=1|{'a':1}",
        "a=-1.5e3|{'a':-1500.0}",
        "a=true|{'a':true}",
        "a=null|{'a':null}",
        "a=[1,'x']|{'a':[1,'x']}",
        "a={'b':2}|{'a':{'b':2}}",
        "a=text|{'a':'text'}",
        "a=1 2|{'a':'1 2'}",
        "a=/dev/vda1|{'a':'/dev/vda1'}",
        "a=|{'a':''}",
        "a==b|{'a':'=b'}",
        "buf-b64=eA==|{'buf-b64':'eA=='}",
        "a={b|{'a':'{b'}",
        "{'a':[true]}|{'a':[true]}",
        "18446744073709551615=18446744073709551615|{'18446744073709551615':18446744073709551615}"
      })
  void argumentsAreOneObjectOrPairs(String word, String expected) {
    // when
    var parsed = ArgumentsText.parse(List.of(word.replace('\'', '"')));
    // then
    assertEquals(expected.replace('\'', '"'), parsed.toString());
  }

  @Test
  void aQuotedValueIsTextWithItsQuotes() {
    assertEquals("\"x\"", ArgumentsText.parse(List.of("a=\"x\"")).path("a").asText());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"hush", "=hush", "{\"a\":\"hush\"", "{\"a\":1,\"a\":\"hush\"}", "{} hush"})
  void whatIsNoArgumentIsSaidWithoutRepeatingIt(String word) {
    // when
    var mistake =
        assertThrows(IllegalArgumentException.class, () -> ArgumentsText.parse(List.of(word)));
    // then
    assertFalse(String.valueOf(mistake.getMessage()).contains("hush"), mistake.getMessage());
  }

  @Test
  void argumentsReachTheAgent() {
    // given
    echo();
    // when
    Run run = run("guest-echo", "path=/f", "count=3", "-o", "json");
    // then
    assertEquals(ExitCode.DONE, run.code(), run.err());
    assertEquals("\"{\\\"path\\\":\\\"/f\\\",\\\"count\\\":3}\"", run.out().strip());
  }

  @Test
  void whatNobodyCanMeanIsUsageAndReachesNoAgent() {
    // when
    Run twice = run("guest-echo", "a=1", "a=2");
    Run mixed = run("guest-echo", "{}", "a=2");
    Run nameless = run();
    // then
    assertEquals(ExitCode.USAGE, twice.code());
    assertTrue(twice.err().contains("'a' is given twice"), twice.err());
    assertEquals(ExitCode.USAGE, mixed.code());
    assertEquals(ExitCode.USAGE, nameless.code());
    assertEquals(0, agent.peer().connections());
  }

  @ParameterizedTest
  @ValueSource(strings = {"guest-fsfreeze-freeze", "guest-fsfreeze-freeze-list"})
  void aFreezeIsRefusedWithAWordOnTheRightCommand(String freeze) {
    // when
    Run run = run(freeze);
    // then
    assertEquals(ExitCode.USAGE, run.code());
    assertTrue(run.err().contains("no detached freeze"), run.err());
    assertTrue(run.err().contains("stillpoint freeze --for"), run.err());
    assertEquals(0, agent.peer().connections());
    assertFalse(agent.guestFrozen());
  }

  @Test
  void anErrorOfTheAgentIsOneWithItsWords() {
    // when
    Run run = run("guest-absent");
    // then
    assertEquals(ExitCode.FAILED, run.code());
    assertTrue(run.err().contains("guest-absent has not been found"), run.err());
    assertEquals("", run.out());
  }

  @Test
  void aThawIsDoneOrLeavesAGuestThatMayBeFrozen() {
    // when
    Run done = run("guest-fsfreeze-thaw");
    agent.fault("guest-fsfreeze-thaw", Fault.LOST);
    Run lost = run("guest-fsfreeze-thaw", "--timeout", "300ms");
    agent.guest().failsThawHook();
    Run refused = run("guest-fsfreeze-thaw");
    Run absent = Run.of("qga", directory.resolve("absent").toString(), "guest-fsfreeze-thaw");
    // then
    assertEquals(ExitCode.DONE, done.code(), done.err());
    assertEquals("0", done.out().strip());
    for (Run run : List.of(lost, refused, absent)) {
      assertEquals(ExitCode.MAY_BE_FROZEN, run.code());
      assertTrue(run.err().contains("MAY BE FROZEN"), run.err());
    }
  }

  @Test
  void aLostReplyOfAnyOtherCommandIsOne() {
    // given
    agent.fault("guest-get-osinfo", Fault.LOST);
    // when
    Run run = run("guest-get-osinfo", "--timeout", "300ms");
    // then
    assertEquals(ExitCode.FAILED, run.code());
    assertTrue(run.err().contains("may have run"), run.err());
  }

  @Test
  void aCommandThatEndsTheGuestHasNoReplyAndThatIsSaid() {
    // given
    agent.guest().answers("guest-shutdown", arguments -> TextNode.valueOf("never sent"));
    agent.fault("guest-shutdown", Fault.LOST);
    // when
    Run run = run("guest-shutdown", "--timeout", "300ms");
    // then
    assertEquals(ExitCode.FAILED, run.code());
    assertTrue(run.err().contains("ask the monitor"), run.err());
  }

  @Test
  void noMessageRepeatsAPassword() {
    // when
    Run run = run("guest-set-user-password", "username=u", "password=aHVzaA==", "crypted=false");
    // then
    assertEquals(ExitCode.FAILED, run.code());
    assertFalse((run.out() + run.err()).contains("aHVzaA"), run.err());
  }

  @Test
  void anAgentThatIsSilentIsToldAsSuch() {
    // given
    agent.stop();
    // when
    Run run = run("guest-info", "--timeout", "300ms");
    // then
    assertEquals(ExitCode.FAILED, run.code());
    assertTrue(run.err().contains("no guest agent answers"), run.err());
  }
}
