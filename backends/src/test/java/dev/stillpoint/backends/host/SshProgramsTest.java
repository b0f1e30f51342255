package dev.stillpoint.backends.host;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.stillpoint.core.spi.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Over a stand-in for ssh that does what ssh's other side does: hands one line to a shell. */
class SshProgramsTest {
  private static final Deadline SOON = Deadline.after(Duration.ofMinutes(5));

  private static final String UNTIL_DASHES = "while [ \"$1\" != -- ]; do shift; done\n";

  private static final Duration PATIENCE = Duration.ofSeconds(2);

  @TempDir private Path directory;
  private SshPrograms programs;

  @BeforeEach
  void putStandIn() throws IOException {
    programs = over(UNTIL_DASHES + "shift 2\nexec sh -c \"$1\"\n");
  }

  private SshPrograms over(String script) throws IOException {
    Path file = directory.resolve("ssh");
    Files.writeString(file, "#!/bin/sh\n" + script);
    assertTrue(file.toFile().setExecutable(true));
    return new SshPrograms("root@array", Optional.empty(), () -> HostProgram.at(file), PATIENCE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a b", "it's", "\"", "$HOME", "`id`", "$(id)", "a\nb", "\\", "*", ";exit 3", "-x", "", "é"
      })
  void noShellChangesAnArgument(String argument) throws IOException {
    // when
    String out = programs.require(List.of("printf", "%s|%s", argument, "last"), SOON);
    // then
    assertEquals(argument + "|last", out);
  }

  @Test
  void theProgramsStatusIsTold() throws IOException {
    assertEquals(3, programs.run(List.of("sh", "-c", "exit 3"), SOON).status());
  }

  @Test
  void aProgramThatIsNotInstalledThereIsMissing() {
    // when
    var thrown =
        assertThrows(
            MissingProgramException.class,
            () -> programs.runToEnd(List.of("no-such-program-here")));
    // then
    assertEquals(
        "the program no-such-program-here is not installed on ssh:root@array", thrown.getMessage());
  }

  @Test
  void aMachineThatIsNotReachedIsTold() throws IOException {
    // given
    SshPrograms unreached = over("echo no route >&2; exit 255\n");
    // when
    var thrown = assertThrows(IOException.class, () -> unreached.run(List.of("lvs"), SOON));
    // then
    String told = String.valueOf(thrown.getMessage());
    assertTrue(told.contains("no route"), told);
    assertTrue(told.contains("may have run"), told);
  }

  @Test
  void withoutSshItIsSshThatIsMissing() {
    var without = new SshPrograms("array", Optional.empty(), Optional::empty, PATIENCE);
    assertThrows(MissingProgramException.class, () -> without.run(List.of("lvs"), SOON));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-oProxyCommand=id", "a b", "a;b", "host\n", "ssh://host"})
  void whatIsNoDestinationIsRefused(String destination) {
    assertThrows(
        IllegalArgumentException.class, () -> new SshPrograms(destination, Optional.empty()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"somewhere", "ssh:-x", "qga:", "qga:tcp:nonsense"})
  void whatIsNoPlaceIsRefused(String place) {
    Map<String, String> options = Map.of("at", place);
    assertThrows(IllegalArgumentException.class, () -> ProgramPlaces.of(options));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "qga:unix:/run/qga.sock"})
  void aConfigurationOfSshIsRefusedWhereThereIsNoSsh(String place) {
    Map<String, String> options = Map.of("at", place, "ssh-config", "/etc/x");
    assertThrows(IllegalArgumentException.class, () -> ProgramPlaces.of(options));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "config", "-oProxyCommand=id", "~/config", "/a\0b"})
  void whatIsNoConfigurationIsRefused(String config) {
    assertThrows(
        IllegalArgumentException.class, () -> new SshPrograms("array", Optional.of(config)));
  }

  @Test
  void theConfigurationIsHandedToSshAsItIs() throws IOException {
    // given
    Path file = directory.resolve("ssh");
    Files.writeString(file, "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
    assertTrue(file.toFile().setExecutable(true));
    var told =
        new SshPrograms(
            "array", Optional.of("/etc/my 'own'"), () -> HostProgram.at(file), PATIENCE);
    // when
    List<String> words = told.require(List.of("lvs"), SOON).lines().toList();
    // then
    int flag = words.indexOf("-F");
    assertEquals(List.of("-F", "/etc/my 'own'", "--", "array"), words.subList(flag, flag + 4));
  }

  @Test
  void whatRunsToItsEndSaysNothingMoreThanTheProgram() throws IOException {
    // when
    HostProgram.Said said =
        programs.runToEnd(List.of("sh", "-c", "echo out; echo one >&2; echo two >&2; exit 5"));
    // then
    assertEquals(new HostProgram.Said(5, "out\n", "one\ntwo\n"), said);
  }

  @Test
  void whereNobodyIsReachedAnyMoreTheProgramMayStillRun() throws IOException {
    // given
    SshPrograms gone = over("echo stillpoint runs it as 4711 >&2; echo silence >&2; exit 255\n");
    // when
    var thrown = assertThrows(IOException.class, () -> gone.runToEnd(List.of("lvcreate")));
    // then
    assertEquals(
        "ssh to root@array was lost, and lvcreate may still run there as process 4711: silence",
        thrown.getMessage());
  }

  @Test
  void theEndOfAProgramIsAwaitedWhereTheConnectionWasLost() throws IOException {
    // given an ssh that leaves behind what it has started, once
    Path begun = directory.resolve("begun");
    Path ended = directory.resolve("ended");
    SshPrograms lost =
        over(
            UNTIL_DASHES
                + "shift 2\n[ ! -e '%s' ] || exec sh -c \"$1\"\n".formatted(begun)
                + "touch '%s'\n(sh -c \"$1\" > /dev/null) &\n".formatted(begun)
                + "until [ -e '%s.seen' ]; do sleep 0.01; done\nexit 255\n".formatted(begun));
    String slow = "touch '%s.seen'; sleep 1; touch '%s'".formatted(begun, ended);
    // when
    var thrown = assertThrows(IOException.class, () -> lost.runToEnd(List.of("sh", "-c", slow)));
    // then
    assertTrue(Files.exists(ended));
    assertTrue(String.valueOf(thrown.getMessage()).contains("has ended since"), thrown::toString);
  }
}
