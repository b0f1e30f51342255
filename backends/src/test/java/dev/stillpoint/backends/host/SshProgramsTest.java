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
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Over a stand-in for ssh that does what ssh's other side does: hands one line to a shell. */
class SshProgramsTest {
  private static final Deadline SOON = Deadline.after(Duration.ofMinutes(5));

  @TempDir private Path directory;
  private SshPrograms programs;

  @BeforeEach
  void putStandIn() throws IOException {
    programs = over("[ \"$#\" -eq 8 ] || exit 99\n[ \"$6\" = -- ] || exit 98\nexec sh -c \"$8\"\n");
  }

  private SshPrograms over(String script) throws IOException {
    Path file = directory.resolve("ssh");
    Files.writeString(file, "#!/bin/sh\n" + script);
    assertTrue(file.toFile().setExecutable(true));
    return new SshPrograms("root@array", () -> HostProgram.at(file));
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
    var without = new SshPrograms("array", Optional::empty);
    assertThrows(MissingProgramException.class, () -> without.run(List.of("lvs"), SOON));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-oProxyCommand=id", "a b", "a;b", "host\n", "ssh://host"})
  void whatIsNoDestinationIsRefused(String destination) {
    assertThrows(IllegalArgumentException.class, () -> new SshPrograms(destination));
  }

  @ParameterizedTest
  @ValueSource(strings = {"somewhere", "ssh:-x", "qga:", "qga:tcp:nonsense"})
  void whatIsNoPlaceIsRefused(String place) {
    assertThrows(IllegalArgumentException.class, () -> ProgramPlaces.at(place));
  }
}
