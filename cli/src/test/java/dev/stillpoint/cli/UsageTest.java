package dev.stillpoint.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Arguments that nobody can mean end with 2, one line, and nothing done. */
class UsageTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "snapshots",
        "snapshot --name n",
        "snapshot --qmp /q",
        "snapshot --qmp tcp: --name n",
        "snapshot --qmp tls:host --name n",
        "snapshot --qmp /q --name ../n",
        "snapshot --qmp /q --name -n",
        "snapshot --qmp /q --name a\nb",
        "snapshot --qmp /q --name a --name b",
        "snapshot --qmp /q --name n --disk ,method=qemu",
        "snapshot --qmp /q --name n --disk vda,Method=qemu",
        "snapshot --qmp /q --name n --disk vda,method=",
        "snapshot --qmp /q --name n --disk vda,method=qemu,method=lvm",
        "snapshot --qmp /q --name n --quiesce maybe",
        "snapshot --qmp /q --name n --timeout 5",
        "snapshot --qmp /q --name n --timeout 0s",
        "snapshot --qmp /q --name n --timeout 25h",
        "snapshot --qmp /q --name n --qemu-way quickly",
        "snapshot --qmp /q --name n -o xml",
        "snapshot --qmp /q --name n stray",
        "freeze --qga /a",
        "freeze --for 1s",
        "thaw",
        "status",
        "layers",
        "layers a b",
        "layers a --qmp tcp:",
        "layers a -o xml",
        "recover stray",
        "recover --thaw-bound soon"
      })
  void whatNobodyCanMeanIsUsage(String arguments) {
    // when
    Run run = Run.of(arguments.isEmpty() ? new String[0] : arguments.split(" ", -1));
    // then
    assertEquals(ExitCode.USAGE, run.code(), run.err());
    assertEquals("", run.out());
    assertTrue(run.err().startsWith("stillpoint: "), run.err());
    assertTrue(run.err().contains("--help'."), run.err());
  }

  @Test
  void anEmptyNameIsUsage() {
    // when
    Run run = Run.of("snapshot", "--qmp", "/q", "--name", "");
    // then
    assertEquals(ExitCode.USAGE, run.code());
    assertTrue(run.err().contains("cannot be empty"), run.err());
  }

  @Test
  void moreDisksThanARequestTakesIsUsage() {
    // given
    var arguments = new ArrayList<>(List.of("snapshot", "--qmp", "/q"));
    arguments.addAll(List.of("--name", "n"));
    for (int i = 0; i < 257; i++) {
      arguments.addAll(List.of("--disk", "d" + i));
    }
    // when
    Run run = Run.of(arguments.toArray(String[]::new));
    // then
    assertEquals(ExitCode.USAGE, run.code());
    assertTrue(run.err().contains("256"), run.err());
  }

  @Test
  void helpAndVersionAreAnswers() {
    // when
    Run help = Run.of("snapshot", "--help");
    Run version = Run.of("--version");
    // then
    assertEquals(ExitCode.DONE, help.code());
    assertTrue(help.out().contains("--freeze-window=DURATION"), help.out());
    assertTrue(help.out().contains("(require)"), help.out());
    assertEquals(ExitCode.DONE, version.code());
    assertTrue(version.out().startsWith("stillpoint "), version.out());
  }
}
